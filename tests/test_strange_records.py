"""Whatever a record holds, a command that reads it says one sentence, and never a traceback."""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli import evidence
from cli.evidence import Unjudged
from cli.main import main
from pins.environment import Pin
from pins.installed import Installed
from reports.answer import Answer
from reports.answer_junit import junit
from reports.answer_pages import markdown, terminal
from reports.comparison import Status, compare
from reports.index import latest
from reports.model import Verdict
from reports.stored import Stored
from tests.gate_cases import LEDGER, case

COMMANDS = ("report", "ledger", "history")
CASE = {
    **case("known", pin="1.0", pin_spec="1.0", options="--tier=nightly").as_json(),
    "evidence": {
        "observed": "7",
        "required": "9",
        "next_step": "look",
        "stacks": "frame",
        "facts": {"signal": "SIGSEGV", "pid": 7},
        "log_tail": ["bye"],
    },
    "ledger": LEDGER,
    "figures": {"steps": 3, "bytes": 4.5},
    "seen": "fail",
}
REPORT = {"$report_type": "TestReport", "nodeid": "SWAP-3[cpu]", "start": 1.7e9, "duration": 2.0}
RECORD: list[Any] = [
    {
        "$report_type": "Environment",
        "pin": {
            "spec": "1.0",
            "label": "1.0",
            "versions": {"sglang-jax": "1.0", "jax": "0.10"},
            "environment": {"machine": "x86_64", "python": "3.12.1"},
            "made": {"source": {"commit": "c0ffee"}, "overruled": ["flax==1"]},
        },
        "suite": {"commit": "c0ffee", "dirty": False},
        "machine": {"architecture": "x86_64", "devices": [], "cpus": 2, "memory_bytes": 7},
        "python": {"version": "3.12.1"},
        "packages": {"jax": {"version": "0.10", "location": "/x", "origin": {"kind": "index"}}},
        "environment": {"JAX_PLATFORMS": "cpu"},
    },
    {**REPORT, "when": "setup", "outcome": "passed"},
    {**REPORT, "when": "call", "outcome": "passed", "pinproof": CASE},
    {"$report_type": "SessionFinish", "exitstatus": 0},
]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*way, name))


PLACES = [way for way in places(RECORD) if way]
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -1, 1e300])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3) | st.just("reason"), inner, max_size=2)
    ),
    max_leaves=4,
)


def changed(way: tuple[Any, ...], value: Any) -> list[Any]:
    record = copy.deepcopy(RECORD)
    place = record
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = value
    return record


def written(record: list[Any], folder: Path) -> Path:
    run = folder / "run"
    run.mkdir()
    lines = "".join(f"{json.dumps(event)}\n" for event in record)
    (run / "run.jsonl").write_text(lines, encoding="utf-8")
    return run


def ask(record: list[Any], folder: Path) -> dict[str, tuple[int, str, str]]:
    run = written(record, folder)
    words = {
        "report": [str(run), "--html", str(folder / "a.html"), "--markdown", str(folder / "a.md")],
        "ledger": ["propose", str(run)],
        "history": ["SWAP-3", "--runs", str(folder)],
    }
    return {command: _told(command, words[command]) for command in COMMANDS}


def _told(command: str, words: list[str]) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main([command, *words])
    out.getvalue().encode()
    err.getvalue().encode()
    return status, out.getvalue(), err.getvalue()


@given(way=st.sampled_from(PLACES), value=JSON)
@example(way=(0, "pin"), value=[])
@example(way=(2, "start"), value=1e300)
@example(way=(2, "pinproof", "sentence"), value="\ud800")
def test_a_record_with_anything_in_it_is_read_or_refused_in_a_sentence(
    way: tuple[Any, ...], value: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for command, (status, _, err) in ask(changed(way, value), Path(folder)).items():
            assert status in {0, 1, 2, 3}
            assert "Traceback" not in err
            assert all(line.startswith(f"pinproof {command}: ") for line in err.splitlines())


@given(way=st.sampled_from(PLACES), value=JSON)
@example(way=(0, "pin", "versions"), value=None)
@example(way=(0, "pin", "versions", "sglang-jax"), value=None)
@example(way=(0, "pin", "made", "source", "commit"), value=None)
@example(way=(0, "machine", "devices"), value=3)
@example(way=(2, "pinproof", "ledger"), value={"reason": "x"})
@example(way=(2, "pinproof", "sentence"), value="\ud800")
def test_the_gate_takes_it_or_refuses_it_in_a_sentence(way: tuple[Any, ...], value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(Unjudged):
        record = evidence.read(written(changed(way, value), Path(folder)))
        for refused in refusals(record):
            with suppress(Unjudged):
                refused()
        seen = {nodeid: [case] for nodeid, case in record.cases.items()}
        kept = {nodeid: [replace(each, verdict=Verdict.PASS)] for nodeid, [each] in seen.items()}
        told = Answer(Status.MUST_NOT_MOVE, "1.0", "2.0", compare(kept, seen))
        for text in (terminal(told), markdown(told), junit(told), json.dumps(told.as_json())):
            text.encode()


def refusals(record: Stored) -> list[Callable[[], None]]:
    pin = Pin("1.0", "1.0", Path("python"), Path("cache"))
    found = Installed({}, {"sglang-jax": {"version": "1.0"}}, {})
    here = {"machine": RECORD[0]["machine"], "suite": RECORD[0]["suite"]}

    def refuse_other_pin() -> None:
        with mock.patch.object(evidence, "inspect", return_value=found):
            evidence.refuse_if_other_pin(record, pin)

    return [
        lambda: evidence.refuse_unless_begun(record),
        lambda: evidence.refuse_unless_ended(record.exit_status, "that was recorded"),
        lambda: evidence.refuse_unless_whole(record, list(record.cases)),
        lambda: evidence.refuse_if_others(record, here, "this gate", clean=True),
        refuse_other_pin,
    ]


def test_the_record_that_is_changed_is_a_good_one(tmp_path: Path) -> None:
    told = ask(RECORD, tmp_path)
    assert {command: told[command][0] for command in COMMANDS} == dict.fromkeys(COMMANDS, 0)
    assert len(latest(tmp_path, "SWAP-3", "", 5)) == 1


def test_a_file_of_bytes_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_bytes(bytes(range(256)))
    status, _, err = _told("report", [str(tmp_path)])
    assert (status, err.count("\n")) == (3, 1)
    assert err.endswith("run.jsonl is no record of a run. It is no text.\n")


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' * 100_000, "3", "[]", '"x"', "nul"])
def test_a_line_that_is_no_event_is_no_traceback(tmp_path: Path, line: str) -> None:
    (tmp_path / "run.jsonl").write_text(f"{line}\n", encoding="utf-8")
    status, _, err = _told("report", [str(tmp_path)])
    assert status == 3
    assert err.count("\n") <= 1
