"""The ledger excuses exactly what it names, and refuses to be sloppy."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pins.ledger import Entry, Ledger, LedgerError
from reports.model import Verdict

TODAY = date(2026, 11, 21)
FIELDS = {
    "promise": '"SWAP-3"',
    "lane": '"cpu"',
    "pin": '"sglang-jax>=0.0.3rc0,<0.2"',
    "verdict": '"fail"',
    "reason": '"old weights answer for cached prefixes"',
    "link": '"https://example.org/issue/1"',
    "added": "2026-11-20",
    "expires": "2027-02-20",
}
VERSIONS = {"sglang-jax": "0.1.0rc0", "google-tunix": "0.1.7"}


def written(folder: Path, *entries: dict[str, str]) -> Path:
    tables = ["[[entry]]\n" + "".join(f"{k} = {v}\n" for k, v in e.items()) for e in entries]
    (folder / "swap.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def the_entry(folder: Path, **changes: str) -> Entry:
    (entry,) = Ledger.load(written(folder, FIELDS | changes), TODAY).entries
    return entry


def problems(folder: Path, *entries: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(LedgerError) as caught:
        Ledger.load(written(folder, *entries), TODAY)
    return caught.value.problems


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


@pytest.mark.parametrize(
    ("condition", "covered"),
    [
        ('"sglang-jax==0.1.0rc0"', True),
        ('"sglang_jax>=0.0.3rc0,<0.2"', True),
        ('"sglang-jax<0.1.0rc0"', False),
        ('["sglang-jax<0.2", "google-tunix<0.1.8"]', True),
        ('["sglang-jax<0.2", "google-tunix>=0.1.8"]', False),
        ('["sglang-jax<0.2", "flax>=0.12"]', False),
    ],
)
def test_an_entry_is_about_a_pin_that_meets_all_its_conditions(
    tmp_path: Path, condition: str, *, covered: bool
) -> None:
    assert the_entry(tmp_path, pin=condition).covers(VERSIONS) is covered


def test_an_entry_is_found_by_promise_lane_and_versions(tmp_path: Path) -> None:
    ledger = Ledger.load(written(tmp_path, FIELDS), TODAY)
    found = [
        ledger.entry_for(promise, lane, VERSIONS)
        for promise, lane in [("SWAP-3", "cpu"), ("SWAP-3", "tpu"), ("SWAP-4", "cpu")]
    ]
    assert found == [ledger.entries[0], None, None]


def test_two_entries_about_one_pin_are_refused(tmp_path: Path) -> None:
    other = FIELDS | {"pin": '"sglang-jax<0.3"'}
    ledger = Ledger.load(written(tmp_path, FIELDS, other), TODAY)
    with pytest.raises(LedgerError, match=r"entry 1 and swap\.toml, entry 2 are both about SWAP-3"):
        ledger.entry_for("SWAP-3", "cpu", VERSIONS)


def test_a_duplicate_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, FIELDS, FIELDS)
    assert problem == "swap.toml, entry 2: SWAP-3[cpu] is already in swap.toml, entry 1"


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
        ("note", '"x"', "'note' is unknown"),
    ],
)
def test_a_bad_field_is_refused(tmp_path: Path, field: str, value: str, complaint: str) -> None:
    (problem,) = problems(tmp_path, FIELDS | {field: value})
    assert complaint in problem


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_refused(tmp_path: Path, field: str) -> None:
    (problem,) = problems(tmp_path, {k: v for k, v in FIELDS.items() if k != field})
    assert problem == f"swap.toml, entry 1: {field!r} is missing"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[entry", encoding="utf-8")
    (tmp_path / "other.toml").write_text("title = 1\n", encoding="utf-8")
    found = problems(tmp_path, FIELDS | {"lane": '"gpu"', "link": '"x"'}, FIELDS | {"pin": "1"})
    assert [problem.partition(":")[0] for problem in found] == [
        "broken.toml",
        "other.toml",
        *("swap.toml, entry 1", "swap.toml, entry 1", "swap.toml, entry 2"),
    ]


def test_our_own_ledger_can_be_read() -> None:
    Ledger.load(Path(__file__).parent.parent / "pins" / "ledger", datetime.now(UTC).date())
