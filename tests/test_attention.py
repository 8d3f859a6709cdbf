"""Which attention engines get on chips: one start in a run decides it, and the record tells."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fixtures import attention, tpus
from fixtures.answers import Answer
from fixtures.attention import Once, Tried, decide, refusal, refusal_in, wrong_default
from fixtures.cells import RemoteError
from fixtures.engines import SOUND_ON_TPU
from fixtures.places import Lane, StandIn
from reports.model import CONDITION, Crashed, Evidence, LaneName
from tests.conftest import Miniature

if TYPE_CHECKING:
    from fixtures.nursery import Nursery
    from fixtures.probes import Probe

V3, V4, V5E = (tpus.of_kind(kind) for kind in ("TPU v3", "TPU v4", "TPU v5 lite"))
REFUSES_V4 = "NotImplementedError: Unsupported tpu_version=4."
PROMPT = SimpleNamespace(name="short", tokens=[1], answer=[7, 8])
PROBE = cast("Probe", SimpleNamespace(directory=Path("probe"), prompts={"short": PROMPT}))
CRASH = Crashed(Evidence("the cell broke", "an answer", log_tail=("Traceback", REFUSES_V4)))


def answer(*tokens: int) -> Answer:
    return Answer([*tokens], "", {}, [], [], [], [])


@dataclass
class Chips:
    """A nursery whose cells start engines that do as they are told."""

    start: Exception | None = None
    started: list[dict[str, Any]] = field(default_factory=list)
    closed: int = 0

    def make(self, _: Lane) -> "Chips":
        return self

    def run(self, call: str, **arguments: Any) -> Any:
        if call.endswith("engines:start"):
            self.started.append(arguments["settings"])
            if self.start:
                raise self.start
        if call.endswith("attention:runs"):
            return {"runs": "FlashAttention", "on": "tpu"}
        if call.endswith("engines:generate"):
            return [{"output_ids": [7, 8], "meta_info": {}}]
        return {}

    def close(self) -> None:
        self.closed += 1


def lane(kind: str) -> Lane:
    return Lane(LaneName.TPU, "tpu", 1, {}).with_stand_in(StandIn(kind, {}))


def refused(chips: Chips, kind: str = "TPU v4") -> str:
    return refusal(cast("Nursery", chips), lane(kind), PROBE, SOUND_ON_TPU)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (REFUSES_V4, "Unsupported tpu_version=4"),
        (
            "NotImplementedError: TPU version must be 4 or higher.",
            "TPU version must be 4 or higher",
        ),
        ("ValueError: Unsupported attention backend: fa", ""),
    ],
)
def test_only_known_words_are_a_refusal(line: str, found: str) -> None:
    assert refusal_in(["[2026-05-01] Traceback (most recent call last):", line]) == found


def test_the_engine_is_told_nothing_of_attention_and_compiles_at_once() -> None:
    chips = Chips()
    assert refused(chips) == ""
    [settings] = chips.started
    assert "attention_backend" not in settings
    assert settings["disable_precompile"] is False


@pytest.mark.parametrize(
    "error", [CRASH, RemoteError("NotImplementedError", REFUSES_V4, "")], ids=["crash", "raise"]
)
def test_a_refusal_on_v4_is_found_however_it_comes(error: Exception) -> None:
    chips = Chips(error)
    assert refused(chips) == "Unsupported tpu_version=4"
    assert chips.closed == 1


def test_any_other_failure_is_left_to_the_promises() -> None:
    other = Crashed(Evidence("the cell broke", "an answer", log_tail=("out of memory",)))
    assert refused(Chips(other)) == ""
    assert refused(Chips(RemoteError("ValueError", "no such model", ""))) == ""


@pytest.mark.parametrize("kind", ["TPU v5 lite", "TPU v6 lite", "TPU7x", "TPU v99"])
def test_newer_chips_cost_no_start(kind: str) -> None:
    chips = Chips(CRASH)
    assert refused(chips, kind) == ""
    assert not chips.started


def test_without_a_refusal_nothing_is_changed() -> None:
    assert decide("") == attention.Attention({}, "")


def test_a_refusal_brings_native_attention_and_says_so() -> None:
    decided = decide("Unsupported tpu_version=4")
    assert decided.settings == {"attention_backend": "native", "page_size": 1}
    assert "`Unsupported tpu_version=4`, see BACK-7" in decided.condition


def test_processes_of_one_run_find_out_once(tmp_path: Path) -> None:
    begun = threading.Event()
    asked: list[str] = []

    def ask() -> str:
        begun.set()
        asked.append("once")
        return "refused"

    def worker() -> None:
        said.append(Once(tmp_path).find("attention", ask))

    said: list[str] = []
    workers = [threading.Thread(target=worker) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
    assert (asked, said) == (["once"], ["refused"] * 4)


def test_the_next_one_tries_again_after_a_death(tmp_path: Path) -> None:
    def die() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Once(tmp_path).find("attention", die)
    assert Once(tmp_path).find("attention", lambda: "found") == "found"


def wrong(tried: Tried, generation: tpus.Generation | None) -> list[str]:
    return list(wrong_default(tried, generation, [PROMPT]))


def test_right_answers_from_v4_on_are_right() -> None:
    tried = Tried([answer(7, 8)], "FlashAttention", "tpu")
    assert not any(wrong(tried, generation) for generation in (V4, V5E, None))


def test_wrong_answers_are_found() -> None:
    assert wrong(Tried([answer(7, 9)], "FlashAttention", "tpu"), V4) == [
        "prompt 'short': token 1 is 9 instead of 8"
    ]


@pytest.mark.parametrize("crash", [CRASH, None], ids=["crash", "raise"])
def test_a_refusal_from_v4_on_is_a_failure(crash: Crashed | None) -> None:
    tried = Tried(refusal="Unsupported tpu_version=4", crash=crash)
    assert wrong(tried, V4) == [
        "the pin's default attention refuses TPU v4: `Unsupported tpu_version=4`"
    ]


def test_native_attention_on_chips_is_not_the_default() -> None:
    assert wrong(Tried([answer(7, 8)], "NativeAttention", "tpu"), V5E)
    assert not wrong(Tried([answer(7, 8)], "NativeAttention", "cpu"), V5E)


def test_older_chips_are_to_be_refused_in_words() -> None:
    assert not wrong(Tried(refusal="TPU version must be 4 or higher"), V3)


def test_older_chips_that_are_served_are_a_failure() -> None:
    assert wrong(Tried([answer(7, 8)], "FlashAttention", "tpu"), V3)


def test_older_chips_must_not_take_the_process_down() -> None:
    with pytest.raises(Crashed):
        wrong(Tried(refusal="Unsupported tpu_version=3", crash=CRASH), V3)


@pytest.fixture
def on_v4(miniature: Miniature) -> Callable[..., pytest.RunResult]:
    def run(*arguments: str) -> pytest.RunResult:
        mark = f"    record_property({CONDITION!r}, 'attention_backend=native: refused')"
        for number in (1, 2):
            miniature.promise(f"GEN-{number}", f"{mark.strip()}", arguments="lane, record_property")
        miniature.promise("BACK-7", "assert False, 'refuses TPU v4'")
        return miniature.run(*arguments)

    return run


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_what_was_changed_is_said_and_recorded(
    miniature: Miniature, on_v4: Callable[..., pytest.RunResult], workers: tuple[str, ...]
) -> None:
    on_v4(*workers).stdout.fnmatch_lines(
        ["BACK-7*fail*", "tried with (2): attention_backend=native: refused", "2 pass, 1 fail"]
    )
    cases = [event["pinproof"] for event in miniature.events() if "pinproof" in event]
    assert {case["promise"]: case["condition"] for case in cases} == {
        "GEN-1": "attention_backend=native: refused",
        "GEN-2": "attention_backend=native: refused",
        "BACK-7": "",
    }
