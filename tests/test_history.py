"""`pinproof history`, and the index behind it, which may be lost at any time."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from cli.main import main
from cli.pytests import ROOT
from reports import index
from reports.history import seen_in
from reports.index import INDEX_FILE, latest
from tests.recorded import record, saw


def verdicts(runs: Path, promise: str = "SWAP-3", lane: str = "", number: int = 20) -> list[str]:
    return [each.verdict for each in latest(runs, promise, lane, number)]


def counted(runs: Path) -> tuple[list[str], int]:
    """The verdicts, and how many records had to be read for them."""
    with mock.patch.object(index, "seen_in", wraps=seen_in) as reading:
        return verdicts(runs), reading.call_count


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "b", saw("fail", seconds=3), saw("pass", "GEN-1"), began=200)
    record(tmp_path / "a", saw("pass"), saw("not-run", lane="tpu"), began=100)
    return tmp_path


def test_the_newest_run_comes_first_whatever_it_is_called(runs: Path) -> None:
    assert verdicts(runs) == ["fail", "pass", "not-run"]
    assert verdicts(runs, lane="cpu") == ["fail", "pass"]
    assert verdicts(runs, number=1) == ["fail"]
    (newest,) = latest(runs, "SWAP-3", "", 1)
    assert (newest.run, newest.pin, newest.lane, newest.seconds) == ("b", "1.0", "cpu", 3.5)


def test_only_what_is_new_or_has_grown_is_read(runs: Path) -> None:
    assert counted(runs) == (["fail", "pass", "not-run"], 2)
    assert counted(runs) == (["fail", "pass", "not-run"], 0)
    record(runs / "c", saw("known"), began=300)
    record(runs / "b", saw("hang"), saw("pass", "GEN-1"), saw("pass", "GEN-2"), began=200)
    assert counted(runs) == (["known", "hang", "pass", "not-run"], 2)


def test_a_run_that_was_removed_is_forgotten(runs: Path) -> None:
    verdicts(runs)
    (runs / "b" / "run.jsonl").unlink()
    (runs / "b").rmdir()
    assert verdicts(runs) == ["pass", "not-run"]


@pytest.mark.parametrize("rubbish", [b"", b"no database", b"SQLite format 3\x00" + b"x" * 5_000])
def test_an_index_that_is_broken_is_made_anew(runs: Path, rubbish: bytes) -> None:
    verdicts(runs)
    (runs / INDEX_FILE).write_bytes(rubbish)
    assert counted(runs) == (["fail", "pass", "not-run"], 2)
    assert counted(runs)[1] == 0


def test_an_index_of_another_version_is_made_anew(runs: Path) -> None:
    with sqlite3.connect(runs / INDEX_FILE) as other:
        other.execute("CREATE TABLE seen (something)")
        other.execute("PRAGMA user_version = 99")
    other.close()
    assert counted(runs) == (["fail", "pass", "not-run"], 2)
    assert counted(runs)[1] == 0


def test_where_nobody_can_write_it_works_all_the_same(runs: Path) -> None:
    (runs / INDEX_FILE).mkdir()
    assert verdicts(runs) == ["fail", "pass", "not-run"]


def test_what_is_no_record_and_what_faults_broke_is_left_out(runs: Path) -> None:
    record(runs / "c", saw("fail", seen="not-run"), began=300)
    record(runs / "d", saw("pass", lane="tpu-standin"), began=400)
    (runs / "e").mkdir()
    (runs / "e" / "run.jsonl").write_text("[1]\n")
    (runs / "f").mkdir()
    (runs / "f" / "run.jsonl").write_bytes(b"\xff\xfe")
    assert verdicts(runs) == ["fail", "pass", "not-run"]


def test_a_killed_run_is_told_as_far_as_it_came(runs: Path) -> None:
    log = record(runs / "c", saw("crash"), status=None, began=300) / "run.jsonl"
    log.write_text(log.read_text() + '{"half')
    assert verdicts(runs)[0] == "crash"


def test_the_command_prints_a_line_for_each_run(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "SWAP-3", "--runs", str(runs), "--lane", "cpu"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["began", "(UTC)", "verdict", "seconds", "lane", "pin", "run"]
    assert first.split() == ["1970-01-01", "00:03", "fail", "3.5", "cpu", "1.0", "b"]
    assert second.split()[2:] == ["pass", "2.5", "cpu", "1.0", "a"]


def test_scripts_get_it_as_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "GEN-1", "--runs", str(runs), "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert (only["run"], only["verdict"], only["began"]) == ("b", "pass", 200)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["SWAP-9"], 1, "no run in . has a verdict about SWAP-9."),
        (["SWAP-3", "--lane", "aot"], 1, "has a verdict about SWAP-3 in lane aot."),
        (["swap"], 2, "'swap' is no promise's id"),
        (["SWAP-3", "--nonsense"], 2, "unknown: --nonsense"),
        (["SWAP-3", "--runs", "none"], 2, "there are no records in none: No such file"),
        (["SWAP-3", "-n", "0"], 2, "at least 1"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_what_it_can_not_answer_is_said(
    capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    try:
        answer = main(["history", *words[:1], "--runs", ".", *words[1:]])
    except SystemExit as refused:
        answer = int(refused.code or 0)
    assert answer == status
    assert said in capsys.readouterr().err
    assert not Path("none").exists()


def test_it_is_asked_without_importing_pytest() -> None:
    """Which takes longer than ten thousand records."""
    script = "import sys; import cli.history; print('pytest' in sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True)
    assert said == "False\n"
