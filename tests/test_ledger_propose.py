"""`pinproof ledger propose`: what is red becomes a draft, which nobody can take for reviewed."""

import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pins.ledger import Ledger, LedgerError
from reports.proposing import quoted
from tests.ledgers import ENTRY, NOW, Ledgering
from tests.recorded import record, saw


def entries_in(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads(text)["entry"]
    return found


def test_what_is_red_is_proposed_and_refused_until_it_is_reviewed(ledger: Ledgering) -> None:
    hostile = {"observed": 'it said "\x1b[31m\x00\n[[entry]]', "required": "\x7f no"}
    run = record(
        *(ledger.path / "run", saw("fail", evidence=hostile), saw("crash", "GEN-1")),
        *(saw("pass", "GEN-2"), saw("not-run", "GEN-3")),
        status=1,
    )
    file = ledger.accepted / "new.toml"
    assert ledger("propose", run, "--output", file)[0] == 0
    text = file.read_text(encoding="utf-8")
    common: dict[str, object] = {"lane": "cpu", "pin": "sglang-jax==1.0", "reason": "", "link": ""}
    common |= {"added": NOW, "expires": NOW + timedelta(90)}
    assert entries_in(text) == [
        {"promise": "GEN-1", "verdict": "crash", **common},
        {"promise": "SWAP-3", "verdict": "fail", **common},
    ]
    assert '# observed: it said "' in text
    status, out, _ = ledger("check", "--ledger", ledger.accepted)
    assert (status, out.count("'reason' is ''"), out.count("'link' is ''")) == (1, 2, 2)
    with pytest.raises(LedgerError):
        Ledger.load(ledger.accepted, NOW)
    reviewed = text.replace('reason = ""', 'reason = "r"').replace(
        'link = ""', 'link = "https://x.y"'
    )
    file.write_text(reviewed, encoding="utf-8")
    assert ledger("check", run, "--ledger", ledger.accepted)[0] == 0
    assert "there is nothing to propose" in ledger("propose", run, "--ledger", ledger.accepted)[2]


def test_no_file_is_overwritten(ledger: Ledgering) -> None:
    run = record(ledger.path / "run", saw("fail"), status=1)
    file = ledger.path / "mine.toml"
    file.write_text("mine")
    status, _, err = ledger("propose", run, "--output", file)
    assert (status, file.read_text()) == (2, "mine")
    assert "mine.toml is there already, and is not overwritten." in err


def test_only_what_records_disagree_about_is_intermittent(ledger: Ledgering) -> None:
    first = record(ledger.path / "1", saw("pass"), saw("fail", "GEN-1"), status=1)
    again = record(ledger.path / "2", saw("hang"), saw("fail", "GEN-1"), status=1, began=9e9)
    _, out, _ = ledger("propose", first, again)
    found = {each["promise"]: each for each in entries_in(out)}
    assert [found[name].get("intermittent") for name in ("SWAP-3", "GEN-1")] == [20, None]
    assert found["SWAP-3"]["verdict"] == "hang"
    assert "# seen: 1 pass, 1 hang" in out


def test_pins_and_machines_that_differ_are_told_apart(ledger: Ledgering) -> None:
    tunix = [{"sglang-jax": "1.0", "google-tunix": version} for version in ("0.1.6", "0.1.7")]
    places = [{"machine": name, "python": "3.12.1"} for name in ("x86_64", "aarch64")]
    runs = [
        record(ledger.path / "1", saw("fail"), versions=tunix[0], environment=places[0], status=1),
        record(ledger.path / "2", saw("pass"), versions=tunix[1], environment=places[0]),
        record(ledger.path / "3", saw("pass"), versions=tunix[0], environment=places[1]),
    ]
    (entry,) = entries_in(ledger("propose", *runs)[1])
    assert entry["pin"] == ["sglang-jax==1.0", "google-tunix==0.1.6"]
    assert entry["environment"] == {"machine": "x86_64"}
    assert "intermittent" not in entry


@pytest.mark.parametrize(
    ("case", "engine", "why"),
    [
        (saw("blocked"), "1.0", "it was blocked, so nothing was learnt"),
        (saw("fail", "NONE-1"), "1.0", "this suite has no such promise"),
        (saw("fail", lane="lock"), "1.0", "this suite has no such promise"),
        (saw("fail"), "", "do not say which sglang-jax it was"),
        (saw("crash", "SWAP-4"), "1.0", "entry 1 says fail, but it is crash"),
    ],
)
def test_what_can_not_be_proposed_is_named(
    ledger: Ledgering,
    case: dict[str, str],
    engine: str,
    why: str,
) -> None:
    ledger.accept(ENTRY | {"promise": '"SWAP-4"'})
    run = record(
        ledger.path / "run", case, status=1, versions={"sglang-jax": engine} if engine else {}
    )
    status, out, err = ledger("propose", run, "--ledger", ledger.accepted)
    assert (status, out) == (1, "")
    assert why in err


def test_a_ledger_that_can_not_stand_is_mended_first(ledger: Ledgering) -> None:
    run = record(ledger.path / "run", saw("fail"), status=1)
    status, _, err = ledger("propose", run, "--ledger", ledger.accepted)
    assert status == 2
    assert "first mend the ledger" in err


def test_a_place_that_can_not_be_written_is_one_sentence(ledger: Ledgering) -> None:
    run = record(ledger.path / "run", saw("fail"), status=1)
    status, _, err = ledger("propose", run, "--output", ledger.path / "no" / "x.toml")
    assert (status, err.count("\n")) == (2, 1)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_toml(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text
