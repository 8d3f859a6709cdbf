"""The phases of a scenario stand in the record as JSON that can be searched for."""

from datetime import datetime

from tests.conftest import Miniature


def test_phases_are_in_the_record_with_time_and_content(miniature: Miniature) -> None:
    miniature.promise(
        "SWAP-1",
        "from fixtures.phases import Phases; "
        "Phases(record_property).reached('weights_swapped', leaves=25)",
        arguments="lane, record_property",
    )
    miniature.run("-m", "cpu")
    (line,) = [
        line
        for line in (miniature.runs[-1] / "run.jsonl").read_text().splitlines()
        if '{"phase": "weights_swapped"' in line and '"when": "call"' in line
    ]
    assert '"leaves": 25' in line
    properties = [event for event in miniature.events() if event.get("when") == "call"]
    ((name, phase),) = properties[0]["user_properties"]
    assert name == "phase"
    assert datetime.fromisoformat(phase["time"]).tzinfo is not None
