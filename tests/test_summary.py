"""What is told to somebody who decides: what broke, for whom, and what to do."""

from pathlib import Path

import pytest

from reports.catalogue import read
from reports.comment import MARKDOWN_BYTES
from reports.summary import AREAS, headline, notes
from reports.summary_pages import markdown, terminal
from tests.recorded import overview, record, saw

PROMISES = Path(__file__).parents[1] / "docs" / "promises.md"


def test_every_area_has_words_for_those_who_need_it() -> None:
    areas = {pair.promise.rpartition("-")[0] for pair in read(PROMISES)}
    assert areas == set(AREAS)


def test_what_is_kept_is_told_with_its_extent(tmp_path: Path) -> None:
    cases = [saw("pass"), saw("known", "GEN-1"), saw("not-run", "GEN-2")]
    assert headline(overview(record(tmp_path / "a", *cases))) == (
        "As promised, as far as it was tried: "
        "1 promise kept, 1 broken as the ledger has accepted, 1 not tried here (1.0)."
    )


def test_what_broke_comes_first_with_whom_and_what_to_do(tmp_path: Path) -> None:
    should = saw("crash", "GEN-7", level="SHOULD")
    cases = [saw("pass", "GEN-1"), saw("fail"), saw("fail", "SWAP-4"), should]
    said = terminal(overview(record(tmp_path / "a", *cases, status=1)))
    lines = said.splitlines()
    assert lines[0] == "Not as promised: with 1.0, 2 MUSTs broken, 1 SHOULD broken."
    assert lines[2:6] == [
        "replacing weights in memory: broken",
        "  what:       SWAP-3, SWAP-4 in lane cpu, with 1.0",
        "  for whom:   whoever gives a running engine new weights",
        "  what to do: Do not move to this pin if you need this. The command below shows it again.",
    ]
    assert "pytest 'SWAP-3[cpu]'" in lines[6]


def test_each_pin_is_told_of(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "a", saw("pass")),
        record(tmp_path / "b", saw("fail"), pin="2.0", status=1, began=2e9),
    )
    assert headline(together) == (
        "Not as promised: with 1.0, all that was tried is kept; with 2.0, 1 MUST broken."
    )


def test_contradictions_are_called_so(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "a", saw("pass"), began=1), record(tmp_path / "b", saw("fail"), began=2)
    )
    assert "with 1.0, 1 MUST kept in one run, broken in another." in headline(together)
    assert "| flaky | SWAP-3 | MUST | cpu | 1.0 | pass, fail |" in markdown(together)


@pytest.mark.parametrize(
    ("cases", "status", "said"),
    [
        ([], 0, "Could not judge: nothing was tried."),
        ([saw("not-run")], 0, "Could not judge: nothing was tried."),
        (
            [saw("blocked")],
            1,
            "Could not judge: with 1.0, 1 MUST not tried, because something is in the way.",
        ),
        (
            [saw("pass")],
            None,
            "Could not judge: a run is not whole. So far 1 promise kept (1.0).",
        ),
        (
            [saw("fixed")],
            1,
            "Not as promised: with 1.0, 1 MUST kept, though the ledger says it is broken.",
        ),
    ],
)
def test_what_can_not_be_judged_says_why(
    tmp_path: Path, cases: list[dict[str, object]], status: int | None, said: str
) -> None:
    made = [dict(each) for each in cases]
    assert headline(overview(record(tmp_path / "a", *made, status=status))) == said


def test_other_suites_faults_and_untried_lanes_are_noted(tmp_path: Path) -> None:
    skipped = saw("not-run", "GEN-1", reason="There is no TPU.")
    together = overview(
        record(tmp_path / "a", saw("pass"), skipped, began=1),
        record(tmp_path / "b", saw("fail", seen="not-run"), commit="f00d", began=2),
    )
    different, faults, untried = notes(together)
    assert "different versions of the suite (c0ffee, f00d)" in different
    assert faults.startswith("1 tests with a fault")
    assert untried == "Not tried (1): There is no TPU."


@pytest.mark.parametrize("observed", ["x" * 5_000, "\N{SNOWMAN}" * 5_000])
def test_markdown_always_fits_into_a_comment(tmp_path: Path, observed: str) -> None:
    evidence = {"observed": observed, "required": observed}
    areas = [f"A{number}" for number in range(1_500)]
    cases = [saw("fail", f"{area}-1", evidence=evidence) for area in areas]
    said = markdown(overview(record(tmp_path / "a", *cases, status=1)))
    assert len(said.encode()) <= MARKDOWN_BYTES
    assert said.startswith("### Not as promised: with 1.0, 1500 MUSTs broken.")
    assert said.count("| fail |") > 50
    assert said.count("observed:") > 2
    assert "more rows are left out here." in said
    assert "- 1500 fail\n" in said


def test_what_engines_say_cannot_break_the_markdown(tmp_path: Path) -> None:
    evidence = {"observed": "```\n</details> | <b>@all</b> \x1b[31mred\ud800", "required": "peace"}
    made = saw("fail", evidence=evidence, sentence="a | b <script>")
    said = markdown(overview(record(tmp_path / "a", made, pin="<img> | 1", status=1)))
    assert said.count("```") == 2
    assert "<img>" not in said.replace("&lt;img&gt;", "")
    assert "@all</b> red\N{REPLACEMENT CHARACTER}" in said
