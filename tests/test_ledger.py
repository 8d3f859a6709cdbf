"""The ledger excuses exactly what it names, and refuses to be sloppy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pins.ledger import Ledger, LedgerError
from reports.catalogue import lanes_in
from reports.model import Verdict
from tests.ledgers import FACTS, FIELDS, TODAY, VERSIONS, problems, the_entry, written

OURS = Path(__file__).parent.parent / "pins" / "ledger"
PROMISES = Path(__file__).parent.parent / "docs" / "promises.md"


def test_an_empty_folder_is_an_empty_ledger(tmp_path: Path) -> None:
    assert Ledger.load(tmp_path, TODAY).entries == ()


def test_the_example_in_the_readme_is_an_entry(tmp_path: Path) -> None:
    readme = Path(__file__).parent.parent / "pins" / "ledger" / "README.md"
    example = readme.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "example.toml").write_text(example, encoding="utf-8")
    assert len(Ledger.load(tmp_path, TODAY).entries) == 1


def test_the_recorded_verdict_is_known(tmp_path: Path) -> None:
    assert the_entry(tmp_path).judge(Verdict.FAIL, earlier_passes=0) is Verdict.KNOWN


@pytest.mark.parametrize("other", [Verdict.CRASH, Verdict.HANG, Verdict.BLOCKED, Verdict.NOT_RUN])
def test_another_verdict_than_recorded_stays_itself(tmp_path: Path, other: Verdict) -> None:
    assert the_entry(tmp_path).judge(other, earlier_passes=0) is other


def test_a_failure_where_a_crash_was_recorded_is_not_known(tmp_path: Path) -> None:
    entry = the_entry(tmp_path, verdict='"crash"')
    assert entry.judge(Verdict.FAIL, earlier_passes=0) is Verdict.FAIL


def test_a_pass_is_fixed(tmp_path: Path) -> None:
    assert the_entry(tmp_path).judge(Verdict.PASS, earlier_passes=0) is Verdict.FIXED


@pytest.mark.parametrize(
    ("earlier_passes", "judged"), [(0, Verdict.PASS), (18, Verdict.PASS), (19, Verdict.FIXED)]
)
def test_an_intermittent_one_is_fixed_after_its_passes(
    tmp_path: Path, earlier_passes: int, judged: Verdict
) -> None:
    assert the_entry(tmp_path, intermittent="20").judge(Verdict.PASS, earlier_passes) is judged


def test_an_entry_is_found_by_promise_lane_and_versions(tmp_path: Path) -> None:
    ledger = Ledger.load(written(tmp_path, FIELDS), TODAY)
    found = [
        ledger.entry_for(promise, lane, VERSIONS, FACTS)
        for promise, lane in [("SWAP-3", "cpu"), ("SWAP-3", "tpu"), ("SWAP-4", "cpu")]
    ]
    assert found == [ledger.entries[0], None, None]


def test_an_expired_entry_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, FIELDS | {"added": "2026-01-01", "expires": "2026-11-20"})
    assert "SWAP-3[cpu] expired on 2026-11-20" in problem


def test_an_entry_lives_through_its_last_day(tmp_path: Path) -> None:
    assert the_entry(tmp_path, expires="2026-11-21").expires == TODAY


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("promise", '"swap three"', "not an id such as SWAP-3"),
        ("lane", '"gpu"', "not one of static, cpu, aot, lock, tpu"),
        ("lane", "[]", "not one of static"),
        ("pin", '"sglang-jax"', "not a condition such as"),
        ("pin", "[]", "not a condition such as"),
        ("pin", "3", "not a condition such as"),
        ("pin", '"sglang-jax<<2"', "not a condition such as"),
        ("verdict", '"known"', "not one of fail, crash, hang, blocked"),
        ("verdict", '"pass"', "not one of fail, crash, hang, blocked"),
        ("reason", '" "', "not a reason"),
        ("link", '"issue 7"', "not a web address"),
        ("added", '"2026-11-20"', "not a date"),
        ("added", "2026-11-22", "lies in the future"),
        ("expires", "2026-11-20T00:00:00", "not a date"),
        ("expires", "2026-11-19", "is not after 'added'"),
        ("intermittent", "0", "not a number of passes"),
        ("intermittent", "true", "not a number of passes"),
        ("pin", '">=1"', "not a condition such as"),
        ("pin", '"sglang-jax<0.2,>=0.3"', "no pin can meet 'sglang-jax<0.2,>=0.3'"),
        ("pin", '["jax<1", "jax>1"]', "no pin can meet 'jax<1' and 'jax>1'"),
        ("note", '"x"', "'note' is unknown"),
    ],
)
def test_a_bad_field_is_refused(tmp_path: Path, field: str, value: str, complaint: str) -> None:
    (problem,) = problems(tmp_path, FIELDS | {field: value})
    assert complaint in problem


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_refused(tmp_path: Path, field: str) -> None:
    (problem,) = problems(tmp_path, {k: v for k, v in FIELDS.items() if k != field})
    assert problem == f"{tmp_path / 'swap.toml'}, entry 1: {field!r} is missing"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[entry", encoding="utf-8")
    (tmp_path / "other.toml").write_text("title = 1\n", encoding="utf-8")
    found = problems(tmp_path, FIELDS | {"lane": '"gpu"', "link": '"x"'}, FIELDS | {"pin": "1"})
    assert [problem.partition(":")[0].rpartition("/")[2] for problem in found] == [
        "broken.toml",
        "other.toml",
        *("swap.toml, entry 1", "swap.toml, entry 1", "swap.toml, entry 2"),
    ]


def test_a_ledger_that_is_given_adds_to_the_suites_own(tmp_path: Path) -> None:
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    own.mkdir()
    theirs.mkdir()
    written(own, FIELDS)
    written(theirs, FIELDS | {"promise": '"SWAP-4"'})
    found = Ledger.load(own, TODAY, [theirs, theirs / ".." / "theirs", own]).entries
    assert [entry.promise for entry in found] == ["SWAP-3", "SWAP-4"]


def test_all_that_is_wrong_with_given_ledgers_is_told_at_once(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("own", "theirs", "empty")]
    for folder in folders:
        folder.mkdir()
    own, theirs, empty = folders
    (tmp_path / "file").touch()
    (theirs / "locked.toml").mkdir()
    (theirs / "deep.toml").write_text(f"a = {'[' * 9999}", encoding="utf-8")
    written(own, FIELDS)
    written(theirs, FIELDS)
    with pytest.raises(LedgerError) as caught:
        Ledger.load(own, TODAY, [theirs, empty, tmp_path / "none", tmp_path / "file"])
    for said in (
        "locked.toml: this can't be read: Is a directory",
        "deep.toml: this is no TOML: ",
        f"{empty}: no file *.toml is in this folder",
        f"{tmp_path / 'none'}: there is no such folder",
        f"{tmp_path / 'file'}: there is no such folder",
        f"{theirs / 'swap.toml'}, entry 1: {own / 'swap.toml'}, entry 1 is about SWAP-3[cpu]",
    ):
        assert sum(said in problem for problem in caught.value.problems) == 1, said
    assert len(caught.value.problems) == 6


@pytest.mark.parametrize(
    ("lanes", "problem"),
    [
        ({"SWAP-4": ["cpu"]}, "there is no promise SWAP-3"),
        ({"SWAP-3": ["tpu", "aot"]}, "SWAP-3 is tried in aot, tpu, not in lane cpu"),
    ],
)
def test_an_entry_about_no_promise_is_refused_where_promises_are_known(
    tmp_path: Path, lanes: dict[str, list[str]], problem: str
) -> None:
    written(tmp_path, FIELDS)
    assert Ledger.load(tmp_path, TODAY, lanes={"SWAP-3": ["cpu"]}).entries
    with pytest.raises(LedgerError) as caught:
        Ledger.load(tmp_path, TODAY, lanes=lanes)
    assert caught.value.problems == (f"{tmp_path / 'swap.toml'}, entry 1: {problem}",)


def test_our_own_ledger_can_be_read_and_is_about_promises_that_there_are() -> None:
    today = datetime.now(UTC).date()
    assert Ledger.load(OURS, today, lanes=lanes_in(PROMISES)).entries
