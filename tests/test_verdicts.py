"""Whatever becomes of a test has one verdict, and a failure says what to do next."""

import pytest

from reports.model import FIGURES
from tests.conftest import Miniature

EVIDENCE = "Evidence('it died', 'an answer', 'look here', {'signal': 'SIGSEGV'}, ('bye',), 'frame')"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])


ENDS = [
    ("pass", "pass"),
    ("assert 1 == 2", "fail"),
    ("raise ValueError('no')", "fail"),
    (f"raise Broken({EVIDENCE})", "fail"),
    (f"raise Crashed({EVIDENCE})", "crash"),
    (f"raise Hung({EVIDENCE})", "hang"),
    (f"raise Blocked({EVIDENCE})", "blocked"),
    ("pytest.skip('later')", "not-run"),
    ("pytest.xfail('I know better')", "fail"),
]


@pytest.mark.parametrize(("body", "verdict"), ENDS)
def test_each_end_of_a_test_is_a_verdict(miniature: Miniature, body: str, verdict: str) -> None:
    miniature.promise("BACK-1", body)
    result = miniature.run()
    assert miniature.verdicts() == {("BACK-1", "cpu"): verdict}
    assert result.ret == (0 if verdict == "pass" else 1)


def test_verdicts_arrive_from_workers(miniature: Miniature) -> None:
    for number, (body, _) in enumerate(ENDS):
        miniature.promise(f"BACK-{number}", body)
    assert miniature.run("-n", "2").ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {
        (f"BACK-{number}", "cpu"): verdict for number, (_, verdict) in enumerate(ENDS)
    }


def test_a_timeout_is_a_hang(miniature: Miniature) -> None:
    miniature.promise(
        "BACK-1", "__import__('threading').Event().wait()", marks="@pytest.mark.timeout(0.2)"
    )
    assert miniature.run().ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("BACK-1", "cpu"): "hang"}


def fixture(miniature: Miniature, body: str) -> None:
    miniature.promise("BACK-1", arguments="lane, ground")
    file = miniature.path / "test_area.py"
    file.write_text(f"{file.read_text()}\n@pytest.fixture\ndef ground():\n    {body}\n")


def test_trouble_before_the_test_blocks_it(miniature: Miniature) -> None:
    fixture(miniature, "raise ValueError('no ground')")
    assert miniature.run().ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("BACK-1", "cpu"): "blocked"}


def test_a_crash_before_the_test_is_a_crash(miniature: Miniature) -> None:
    fixture(miniature, f"raise Crashed({EVIDENCE})")
    miniature.run()
    assert miniature.verdicts() == {("BACK-1", "cpu"): "crash"}


def test_trouble_after_the_test_counts(miniature: Miniature) -> None:
    fixture(miniature, f"yield; raise Crashed({EVIDENCE})")
    result = miniature.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["1 crash"])


@WORKERS
def test_a_finding_is_a_repair_manual(miniature: Miniature, workers: tuple[str, ...]) -> None:
    miniature.promise("BACK-1", f"raise Crashed({EVIDENCE})")
    miniature.run(*workers).stdout.fnmatch_lines(
        [
            "BACK-1 MUST in lane cpu, pin 0.1.0rc0: crash",
            "  promise:   The engine MUST answer.",
            "  observed:  it died",
            "  required:  an answer",
            "  signal:    SIGSEGV",
            "  last log lines:",
            "    | bye",
            "  stacks:",
            "    | frame",
            "  evidence:  *BACK-1-cpu.txt",
            "  reproduce: pytest 'test_area.py::test_back_1[[]cpu[]]' --pin 0.1.0rc0",
            "  next step: look here",
            "CRASH test_area.py::test_back_1[[]cpu[]] - BACK-1: it died",
        ],
        consecutive=False,
    )


@WORKERS
def test_an_assertion_keeps_pytests_own_words(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1", "answer = 41; assert answer == 42")
    miniature.run(*workers).stdout.fnmatch_lines(
        ["E*assert 41 == 42", "*BACK-1 MUST in lane cpu*", "  reproduce: pytest *"]
    )


def test_long_stacks_are_cut_on_the_terminal_and_whole_in_the_evidence(
    miniature: Miniature,
) -> None:
    miniature.promise("BACK-1", r"raise Hung(Evidence('a', 'b', stacks='x\n' * 99 + 'last'))")
    result = miniature.run()
    result.stdout.fnmatch_lines(["  stacks (40 of 100 lines):"])
    result.stdout.no_fnmatch_line("*| last")
    assert "| last" in (miniature.runs[0] / "evidence" / "BACK-1-cpu.txt").read_text()


def test_long_findings_are_cut_on_the_terminal_and_whole_in_the_evidence(
    miniature: Miniature,
) -> None:
    miniature.promise("BACK-1", "raise Broken(Evidence('x' * 5000 + 'end', 'short', 'look'))")
    result = miniature.run()
    result.stdout.fnmatch_lines(["*xxx... (5003 characters, all of them in the evidence)"])
    (evidence,) = (miniature.runs[0] / "evidence").iterdir()
    assert "xend" in evidence.read_text()


def test_a_workers_death_is_red_and_named(miniature: Miniature) -> None:
    miniature.promise("BACK-1", "os._exit(9)")
    miniature.promise("SWAP-1", module="test_other.py")
    miniature.run("--write-promises")
    result = miniature.run("-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("BACK-1", "cpu"): "crash", ("SWAP-1", "cpu"): "pass"}
    result.stdout.fnmatch_lines(["BACK-1*cpu*crash*", "The worker gw* died*"])


def test_a_test_without_a_promise_is_left_alone(miniature: Miniature) -> None:
    (miniature.path / "test_plain.py").write_text("def test_plain():\n    assert False\n")
    result = miniature.run()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*promises*")


@WORKERS
def test_what_the_ledger_knows_is_not_red(miniature: Miniature, workers: tuple[str, ...]) -> None:
    miniature.promise("KNOWN-1", "assert False")
    result = miniature.run(*workers)
    assert result.ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("KNOWN-1", "cpu"): "known"}
    result.stdout.fnmatch_lines(["KNOWN-1*cpu*known*", "known (1): rounding (issue 7)"])


def test_another_verdict_than_the_ledger_knows_is_red(miniature: Miniature) -> None:
    miniature.promise("KNOWN-1", f"raise Crashed({EVIDENCE})")
    assert miniature.run().ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("KNOWN-1", "cpu"): "crash"}


@WORKERS
def test_what_is_known_of_another_lane_is_said_and_red(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.chip()
    miniature.promise("KNOWN-1", "assert lane.name == 'cpu'", lanes=("tpu",))
    result = miniature.run(*workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("KNOWN-1", "tpu"): "fail"}
    result.stdout.fnmatch_lines(
        [
            "*ledger elsewhere: in lane cpu this is known: rounding (issue 7)",
            "known of this pin in another lane*: 1 of those broken",
        ]
    )


def test_passing_often_enough_is_fixed_and_red(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    miniature.promise("KNOWN-1")
    for name in ("20260101T000000Z-1", "20260101T000001Z-1", "20260101T000002Z-1"):
        monkeypatch.setattr("reports.record.run_name", name.strip)
        result = miniature.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*remove the entry*", "KNOWN-1 *cpu *fixed *"])


def test_a_pass_before_a_break_does_not_count(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    miniature.promise("KNOWN-1", "assert not os.environ.get('BREAK')")
    for second, broken in enumerate(["", "", "yes", ""]):
        monkeypatch.setenv("BREAK", broken)
        monkeypatch.setattr("reports.record.run_name", f"20260101T00000{second}Z-1".strip)
        assert miniature.run().ret == pytest.ExitCode.OK


@WORKERS
def test_a_ledger_that_cannot_be_used_is_one_sentence(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    (miniature.path / "expired").touch()
    result = miniature.run(*workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: The ledger's entry for BACK-1 has expired."])


SABOTAGED = "@pytest.mark.parametrize('active_fault', ['it lies'])"


def test_the_ledger_has_no_say_about_a_test_with_a_fault_in_it(miniature: Miniature) -> None:
    arguments = "lane, active_fault"
    miniature.promise("KNOWN-1", "assert False", arguments=arguments, marks=SABOTAGED)
    miniature.promise("KNOWN-2", arguments=arguments, marks=SABOTAGED)
    miniature.run()
    assert miniature.verdicts() == {("KNOWN-1", "cpu"): "fail", ("KNOWN-2", "cpu"): "pass"}
    assert {e["pinproof"]["seen"] for e in miniature.events() if "pinproof" in e} == {"not-run"}


@WORKERS
def test_what_a_test_has_counted_is_kept(miniature: Miniature, workers: tuple[str, ...]) -> None:
    body = f"record_property({FIGURES!r}, {{'steps': 3, 'bytes': 4.5}})"
    miniature.promise("BACK-1", body, arguments="lane, record_property")
    miniature.run(*workers)
    [case] = [event["pinproof"] for event in miniature.events() if "pinproof" in event]
    assert case["figures"] == {"steps": 3, "bytes": 4.5}
