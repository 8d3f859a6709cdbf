"""Whatever a record holds, a command that reads it says one sentence, and never a traceback."""

import copy
import json
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.main import main
from reports.index import latest
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


def ask(record: list[Any], folder: Path) -> dict[str, tuple[int, str, str]]:
    run = folder / "run"
    run.mkdir()
    lines = "".join(f"{json.dumps(event)}\n" for event in record)
    (run / "run.jsonl").write_text(lines, encoding="utf-8")
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
