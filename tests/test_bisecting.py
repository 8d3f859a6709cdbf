"""How a search goes on after each verdict, and what it makes of them in the end."""

from collections.abc import Callable

import pytest
from packaging.version import Version

from reports.bisected import Bisected, Status, terminal
from tests.bisections import UNREACHABLE, MadeUp, made_up
from tests.repositories import Repository, repository

__all__ = ["made_up", "repository"]


def since(first: str, then: str = "fail", before: str = "pass") -> Callable[[str, int], str]:
    return lambda pin, _turn: then if Version(pin) >= Version(first) else before


def names(found: Bisected) -> list[str]:
    return [place.name for place in found.candidates]


@pytest.mark.parametrize("first", ["1.1", "1.5", "1.8rc1", "1.8", "2.0"])
@pytest.mark.parametrize("verdict", ["fail", "crash", "hang", "known"])
def test_the_first_bad_release_is_found(made_up: MadeUp, first: str, verdict: str) -> None:
    made_up.verdicts["SWAP-3"] = since(first, verdict)
    found = made_up.find("1.0", "2.0")
    assert (found.status, names(found), found.trouble) == (Status.FOUND, [first], "")
    assert len(found.steps) <= 2 + 4


def test_what_decides_is_tried_thrice_in_turns(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    found = made_up.find("1.0", "2.0")
    assert made_up.tried[-4:] == ["1.6", "1.7"] * 2
    (row,) = found.rows
    assert (row.old.verdicts, row.new.verdicts) == (("pass",) * 3, ("fail",) * 3)


def test_where_good_is_newer_the_repair_is_found(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.3", "pass", "fail")
    found = made_up.find("2.0", "1.0")
    assert found.headline == "First good: 1.3. It keeps SWAP-3 in lane cpu, which 1.2 breaks."
    (row,) = found.rows
    assert (row.old.verdicts, row.new.verdicts) == (("pass",) * 3, ("fail",) * 3)


def test_only_what_good_keeps_and_bad_breaks_is_looked_at(made_up: MadeUp) -> None:
    made_up.verdicts = {
        "SWAP-1": lambda _pin, _turn: "fail",
        "SWAP-2": lambda pin, _turn: "pass" if pin in {"1.0", "2.0"} else "fail",
        "SWAP-3": since("1.7"),
        "SWAP-4": lambda _pin, _turn: "not-run",
    }
    found = made_up.find("1.0", "2.0")
    assert (names(found), [row.promise for row in found.rows]) == (["1.7"], ["SWAP-3"])


def test_of_several_the_one_that_breaks_first_is_told(made_up: MadeUp) -> None:
    made_up.verdicts = {"SWAP-1": since("1.7"), "SWAP-2": since("1.3"), "SWAP-3": since("1.3")}
    found = made_up.find("1.0", "2.0")
    assert found.headline.startswith("First bad: 1.3. It breaks SWAP-2 in lane cpu, SWAP-3 in ")


def test_what_cannot_be_tried_is_skipped_and_named(made_up: MadeUp) -> None:
    def verdict(pin: str, turn: int) -> str:
        return "blocked" if pin == "1.6" else since("1.7")(pin, turn)

    made_up.verdicts["SWAP-3"] = verdict
    made_up.not_to_be_had = {"1.7": "no wheel"}
    made_up.dying = ("1.5",)
    found = made_up.find("1.0", "2.0")
    assert (found.status, names(found)) == (Status.NARROWED, ["1.5", "1.6", "1.7", "1.8rc1"])
    assert found.headline == (
        "The first bad is one of 4: 1.5, 1.6, 1.7, 1.8rc1. The last of them breaks SWAP-3 in lane "
        "cpu; the others could not be tried."
    )
    told = terminal(found)
    assert "  skipped  1.7: no wheel\n" in told
    assert "  skipped  1.6: SWAP-3 in lane cpu: blocked (/runs/" in told
    assert "  skipped  1.5: the run with 1.5 was killed. (/runs/" in told
    assert ", 3 of them skipped; " in told


def test_a_skip_away_from_the_answer_does_not_matter(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.8")
    made_up.not_to_be_had = {"1.5": "no wheel"}
    assert names(made_up.find("1.0", "2.0")) == ["1.8"]


@pytest.mark.parametrize("changing", ["1.6", "1.7"])
def test_a_verdict_that_changes_is_no_answer(made_up: MadeUp, changing: str) -> None:
    def verdict(pin: str, turn: int) -> str:
        steady = since("1.7")(pin, turn)
        return {"pass": "fail", "fail": "pass"}[steady] if pin == changing and turn else steady

    made_up.verdicts["SWAP-3"] = verdict
    found = made_up.find("1.0", "2.0")
    assert (found.status, found.candidates) == (Status.COULD_NOT_JUDGE, ())
    assert f"{changing} is not the same each time. SWAP-3 in lane cpu: " in found.headline


def test_without_a_network_the_search_stops(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    made_up.not_to_be_had = dict.fromkeys(["1.4", "1.5", "1.6", "1.7", "1.8"], UNREACHABLE)
    found = made_up.find("1.0", "2.0")
    assert found.status is Status.COULD_NOT_JUDGE
    assert "3 in a row could not be had here. Mend that, and go on with the" in found.headline


def test_of_many_promises_only_some_are_named(made_up: MadeUp) -> None:
    made_up.verdicts = {f"SWAP-{number}": lambda _pin, _turn: "pass" for number in range(20)}
    headline = made_up.find("1.0", "2.0").headline
    assert headline.count("SWAP-5 in lane cpu: pass, 14 more") == 2


def test_a_record_of_something_else_is_refused_and_no_skip(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    made_up.foreign = ("1.5",)
    found = made_up.find("1.0", "2.0")
    assert found.status is Status.COULD_NOT_JUDGE
    assert found.headline.endswith(": the record was made by another suite.")


def test_a_machine_that_is_in_the_way_now_and_then_is_a_skip(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    made_up.not_to_be_had = {"1.5": UNREACHABLE, "1.6": "no wheel", "1.7": UNREACHABLE}
    assert names(made_up.find("1.0", "2.0")) == ["1.5", "1.6", "1.7", "1.8rc1"]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (
            ("fail", "pass"),
            "BAD keeps it, so name them in turn. GOOD: SWAP-3 in lane cpu: fail; BAD: SWAP-3 in",
        ),
        (("fail", "fail"), "GOOD keeps nothing of it: there is nothing to look for. GOOD: SWAP-3"),
        (("pass", "pass"), "BAD breaks nothing of what GOOD keeps: there is nothing to look for."),
        (("not-run", "fail"), "GOOD: SWAP-3 in lane cpu: not-run; BAD: "),
        (("pass", "flaky"), "BAD: SWAP-3 in lane cpu: flaky."),
    ],
)
def test_good_has_to_keep_what_bad_breaks(
    made_up: MadeUp, verdicts: tuple[str, str], said: str
) -> None:
    made_up.verdicts["SWAP-3"] = lambda pin, _turn: verdicts[pin == "2.0"]
    found = made_up.find("1.0", "2.0")
    assert (found.status, said in found.headline) == (Status.COULD_NOT_JUDGE, True), found.headline
    assert made_up.tried == ["1.0", "2.0"]


@pytest.mark.parametrize("end", ["1.0", "2.0"])
def test_an_end_that_cannot_be_had_is_no_answer(made_up: MadeUp, end: str) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    made_up.not_to_be_had = {end: UNREACHABLE}
    found = made_up.find("1.0", "2.0")
    assert found.headline == f"Could not find the first bad between 1.0 and 2.0: {UNREACHABLE}"


def test_only_for_the_ends_the_index_is_always_asked(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = since("1.7")
    made_up.find("1.0", "2.0")
    asked = {pin for pin, cache_first in made_up.cache_first.items() if not cache_first}
    assert asked == {"1.0", "2.0"} < made_up.cache_first.keys()


def test_what_is_added_holds_for_each_step(made_up: MadeUp) -> None:
    made_up.verdicts["SWAP-3"] = lambda pin, turn: since("1.7")(pin.partition("+")[0], turn)
    found = made_up.find("1.0+tunix=0.1.6", "2.0+tunix=0.1.6")
    assert names(found) == ["1.7"]
    assert {pin.partition("+")[2] for pin in made_up.tried} == {"tunix=0.1.6"}


def test_the_last_good_of_a_merge_is_a_parent_that_was_tried(
    made_up: MadeUp, repository: Repository
) -> None:
    repository.branch("side")
    repository.write("python/side", "1")
    side = repository.commit()
    repository.checkout("main")
    repository.write("python/main", "1")
    main = repository.commit()
    merged = repository.merge("side")
    made_up.verdicts["SWAP-3"] = lambda pin, _turn: "fail" if merged[:12] in pin else "pass"
    found = made_up.find(repository.first, "main", str(repository.folder))
    assert names(found) == [merged[:12]]
    assert {pin.rpartition("=")[2] for pin in made_up.tried[-6:]} == {
        each[:12] for each in (side, main, merged)
    }
