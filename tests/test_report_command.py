"""`pinproof report`: the answer, its pages, and what is no record."""

from pathlib import Path

import pytest

from cli.main import main
from reports.model import TPU_STAND_IN
from tests.recorded import record, saw


class Reporting:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        self._capsys.readouterr()
        try:
            status = main(["report", *map(str, words)])
        except SystemExit as refused:
            status = int(refused.code or 0)
        said = self._capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Reporting:
    return Reporting(capsys)


def test_shards_become_one_answer_and_two_pages(tmp_path: Path, report: Reporting) -> None:
    first = record(tmp_path / "a", saw("pass"))
    second = record(tmp_path / "b", saw("fail", "GEN-1"), status=1)
    html, markdown = tmp_path / "page.html", tmp_path / "page.md"
    words = (first, second / "run.jsonl", "--html", html, "--markdown", markdown)
    status, out, err = report(*words)
    assert (status, err) == (1, "")
    assert out.startswith("Not as promised: with 1.0, 1 MUST broken.\n")
    assert "<h1>Not as promised: with 1.0, 1 MUST broken.</h1>" in html.read_text()
    assert markdown.read_text().startswith("### Not as promised")


@pytest.mark.parametrize(
    ("verdict", "status", "answer"), [("pass", 0, 0), ("fail", 1, 1), ("pass", None, 3)]
)
def test_the_exit_status_is_the_answer(
    tmp_path: Path, report: Reporting, verdict: str, status: int | None, answer: int
) -> None:
    assert report(record(tmp_path / "a", saw(verdict), status=status))[0] == answer


def test_a_run_named_twice_is_seen_once(tmp_path: Path, report: Reporting) -> None:
    run = record(tmp_path / "a", saw("fail"), status=1)
    page = tmp_path / "page.html"
    report(run, run / "run.jsonl", "--html", page)
    assert "over the runs" not in page.read_text().lower()


def test_records_of_other_suites_are_joined_only_on_request(
    tmp_path: Path, report: Reporting
) -> None:
    runs = [record(tmp_path / name, saw("pass"), commit=name) for name in ("c0ffee", "f00d")]
    status, out, err = report(*runs)
    assert (status, out) == (3, "")
    assert "different versions of the suite (c0ffee, f00d)" in err
    assert "--any-suite" in err
    status, out, _ = report(*runs, "--any-suite")
    assert status == 0
    assert "different versions of the suite (c0ffee, f00d)" in out


def test_what_is_no_record_is_said_in_a_sentence(tmp_path: Path, report: Reporting) -> None:
    (tmp_path / "run.jsonl").write_text("[1, 2]\n")
    stand_in = record(tmp_path / "stand-in", saw("pass", lane=TPU_STAND_IN))
    for what, why in (
        (tmp_path / "none", "there is no record in"),
        (tmp_path, "is no record of a run."),
        (stand_in, "It is no evidence about any pin."),
    ):
        status, out, err = report(what)
        assert (status, out) == (3, "")
        assert err.startswith("pinproof report: ")
        assert why in err


def test_a_page_that_can_not_be_written_is_no_traceback(tmp_path: Path, report: Reporting) -> None:
    run = record(tmp_path / "a", saw("pass"))
    status, _, err = report(run, "--html", tmp_path / "no" / "page.html")
    assert status == 3
    assert "page.html can't be written: No such file or directory." in err


@pytest.mark.parametrize("words", [[], ["--nonsense", "a"]])
def test_usage_errors_judge_nothing(words: list[str], report: Reporting) -> None:
    assert report(*words)[0] == 3
