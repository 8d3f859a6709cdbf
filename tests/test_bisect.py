"""The search from end to end: its runs, its records, and what it leaves when it is ended."""

import signal
from pathlib import Path

import pytest

from reports.stored import stored
from tests.conftest import PYTHONPATH, Miniature
from tests.gate_driver import drive
from tests.gate_miniature import GateMiniature, Told
from tests.repositories import Repository, repository
from tests.starting import Start
from tests.waiting import wait_until

__all__ = ["repository"]

ENDS = ("1.0", "2.0", "-k", "BACK-1")
BROKEN_SINCE_THEN = "assert float(pin) < 1.3"
WAITS = f"""
    import pathlib, threading, time
    deadline = time.monotonic() + 60
    while pin == '1.2' and not pathlib.Path('go').exists() and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    {BROKEN_SINCE_THEN}
"""


@pytest.fixture
def search(miniature: Miniature, start: Start) -> GateMiniature:
    return GateMiniature(miniature, start, "bisect")


def tried(search: GateMiniature) -> list[str]:
    return [(stored(run).environment or {})["pin"]["spec"] for run in search.runs]


def found(told: Told) -> list[str]:
    return [each["name"] for each in told.json["candidates"]]


def test_the_first_bad_release_is_named_with_its_evidence(search: GateMiniature) -> None:
    search.promise("BACK-1", BROKEN_SINCE_THEN)
    search.promise("BACK-2", "assert False")
    told = search.ask(*ENDS)
    assert (told.status, found(told)) == (0, ["1.3"]), told.err
    lines = told.out.splitlines()
    assert lines[0] == "First bad: 1.3. It breaks BACK-1 in lane cpu, which 1.2 keeps."
    assert "BACK-1 MUST, lane cpu" in lines
    assert "  verdicts:  pass x3 with GOOD; fail x3 with BAD" in lines
    assert "--pin 1.2" in next(line for line in lines if line.startswith("  GOOD: "))
    assert "--pin 1.3" in next(line for line in lines if line.startswith("  BAD: "))
    evidence = next(line for line in lines if line.startswith("  evidence: ")).split()[-1]
    assert "assert 1.3 < 1.3" in Path(evidence).read_text()
    assert "2 steps between GOOD and BAD; 8 runs" in lines
    assert tried(search) == ["1.0", "2.0", "1.2", "1.3", "1.2", "1.3", "1.2", "1.3"]
    assert [each["standing"] for each in told.json["steps"]] == ["kept", "broken"] * 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["term", "kill"])
def test_a_search_that_is_ended_goes_on_where_it_was(
    search: GateMiniature, number: signal.Signals
) -> None:
    search.promise("BACK-1", WAITS)
    running = search.start(*ENDS)
    book = search.path / "test_back_1[cpu]-1.2"
    wait_until(lambda: (book.exists() and bool(book.read_text())) or running.poll() is not None)
    running.send_signal(number)
    told = search.end(running)
    assert told.json["verdict"] == "could not judge"
    if number is signal.SIGTERM:
        assert told.status == 3
        assert "it was interrupted while 1.2 was tried. Go on with the same command" in told.out
    (search.path / "go").touch()
    went_on = search.ask(*ENDS, "--resume")
    assert (went_on.status, found(went_on)) == (0, ["1.3"]), went_on.err
    assert tried(search).count("1.0") == tried(search).count("2.0") == 1


def test_the_first_bad_commit_of_a_checkout_is_told_and_nothing_is_changed(
    search: GateMiniature, repository: Repository
) -> None:
    made = []
    for number in range(6):
        repository.write("python/answer", f"{number}\n")
        made.append(repository.commit(f"Answer {number}"))
    repository.write("python/answer", "not committed\n")
    search.promise(
        "BACK-1",
        "import subprocess\n"
        f"    show = ['git', '-C', {str(repository.folder)!r}, 'show']\n"
        "    seen = subprocess.check_output([*show, pin.rpartition('=')[2] + ':python/answer'])\n"
        "    assert seen < b'4'",
    )
    before = repository.state()
    ends = (made[0][:9], "main", "--checkout", str(repository.folder))
    told = search.ask(*ends, "-k", "BACK-1")
    assert (told.status, found(told)) == (0, [made[4][:12]]), told.err
    assert told.out.startswith(f"First bad: {made[4][:12]}. It breaks BACK-1 in lane cpu, which ")
    assert f"  commit:   {made[4]}\n" in told.out
    assert "  subject:  Answer 4\n" in told.out
    assert f"--pin {repository.folder}+content={made[4][:12]}" in told.out
    assert repository.state() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (ENDS[:2], "the following arguments are required: -k"),
        ((*ENDS[:2], "-k", " "), "-k is empty: say which promise is broken, such as -k SWAP-3."),
        ((*ENDS[:2], "-k", "SWAP-9"), "-k 'SWAP-9' matches no promise."),
        ((*ENDS, "--lanes", "gpu"), "--lanes: no lane is called 'gpu'."),
        ((*ENDS, "-x"), "unknown: -x. `pinproof bisect --help` lists what is."),
        ((*ENDS, "--json", "no/x.json"), "no/x.json can't be written: No such file"),
        (("1.0", "1.0", "-k", "BACK-1"), "GOOD and BAD are the same pin"),
        (("1.0", "a version", "-k", "BACK-1"), "a version: this is no pin"),
    ],
)
def test_bad_input_is_one_sentence_and_status_3(
    search: GateMiniature,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    search.promise("BACK-1")
    monkeypatch.chdir(search.path)
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    try:
        status = drive("bisect", [*words])
    except SystemExit as refused:
        status = int(refused.code or 0)
    told = "".join(capfd.readouterr())
    assert (status, said in told) == (3, True), told
    assert search.runs == []
