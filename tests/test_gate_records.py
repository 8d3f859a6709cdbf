"""Which records the gate takes for OLD, and which it refuses."""

from pathlib import Path

import pytest

from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature, Here


def test_old_may_come_from_a_record(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    gate.promise("BACK-2")
    record = recorded(gate)
    told = gate.ask(*FIRST_OF_TWO, "--from", str(record), "-k", "BACK-1")
    assert (told.status, told.outcomes) == (0, {"BACK-1": "kept"}), told.err
    assert [told.json["old"]["records"], len(gate.runs)] == [[str(record)], 1]


def test_a_record_without_one_of_the_lanes_is_refused(gate: GateMiniature, ask_here: Here) -> None:
    gate.promise("BACK-1", lanes=("static", "cpu"))
    recorded(gate, "-m", "static")
    status, told = ask_here(*FIRST_OF_TWO, "--from", "kept")
    assert status == 3
    assert "no verdict for 1 of 2 selected tests" in told
    assert "[cpu], and none at all in lane cpu." in told


def test_a_difference_from_a_record_is_repeated_with_both(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    told = gate.ask(*FIRST_OF_TWO, "--from", str(recorded(gate)))
    assert told.verdicts == {"BACK-1": (["pass"] * 4, ["fail"] * 4)}


def recorded(gate: GateMiniature, *words: str) -> Path:
    gate.miniature.run("--report-dir=kept", "--pin=1.0", *words)
    return gate.path / "kept"


@pytest.mark.parametrize(
    ("there", "here", "said"),
    [
        ('"commit": "c0ffee"', '"commit": "decaf0"', "was made by another suite (decaf0) than"),
        ('"dirty": false', '"dirty": true', "by another suite (c0ffee with changes) than"),
        ('"x86_64"', '"aarch64"', "on another kind of machine (aarch64 with no chips) than"),
        ('"devices": []', '"devices": ["/dev/accel0"]', "(x86_64 with 1 chips) than that of"),
        (
            '"sglang-jax": "1.0"',
            '"sglang-jax": "1.1"',
            "not about 1.0 as it is here: sglang-jax 1.1 -> 1.0.",
        ),
        (
            '"label": "1.0"',
            '"label": "1.0", "made": {"source": {"commit": "abc", "changes": "12"}}',
            "not about 1.0 as it is here: source abc-12 -> none.",
        ),
        ('"exitstatus": 0', '"exitstatus": 2', "ended early, with status 2."),
        ('"$report_type": "SessionFinish"', '"$report_type": "None"', "was killed."),
        ('"$report_type": "Environment"', '"$report_type": "None"', "never began."),
        ("test_back_1[cpu]", "test_back_1[aot]", "no verdict for 1 of 1 selected tests"),
        ('"options": ""', '"options": "--stress=9"', "was made with --stress=9, and the gate's"),
        ('"cpu"', '"tpu-standin"', "is a record of pinproof's own tests"),
        ("{", "[", "never began."),
    ],
)
def test_a_record_of_something_else_is_refused_before_anything_runs(
    gate: GateMiniature, ask_here: Here, there: str, here: str, said: str
) -> None:
    gate.promise("BACK-1")
    log = recorded(gate) / "run.jsonl"
    assert there in log.read_text()
    log.write_text(log.read_text().replace(there, here))
    status, told = ask_here(*FIRST_OF_TWO, "--from", "kept")
    assert (status, said in told) == (3, True), told
    assert gate.runs == []
