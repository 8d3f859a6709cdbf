"""Tries releases or commits one by one, until it is known which one broke a promise."""

from collections.abc import Callable
from dataclasses import dataclass

from cli.evidence import Foreign, Unjudged
from cli.pytests import ROOT
from cli.selecting import Selection, select
from cli.steps import Steps
from cli.trying import Trials, trouble_of
from pins.bisection import Side
from pins.failures import meaning
from pins.span import Span, between
from pins.spec import PinError
from reports.bisected import Bisected, Place, Standing

REPETITIONS = 2
OUT_OF_REACH = 3
"""If so many in a row can't be had on this machine, they are not what is wrong."""


@dataclass(frozen=True)
class Wish:
    good: str
    bad: str
    checkout: str
    selection: Selection
    resume: bool = False


class Bisection:
    def __init__(self, wish: Wish, say: Callable[[str], None]) -> None:
        self._wish = wish
        self._say = say
        self._span: Span | None = None
        self._steps = Steps(self._place, Trials(wish.selection, "this search", say, wish.resume))
        self._wanted: list[str] = []
        self._before = self._since = ""
        self._found: list[str] = []
        self._out_of_reach = 0

    def answer(self) -> Bisected:
        trouble = trouble_of(self._find, lambda: self._steps.doing)
        repaired = bool(self._span and self._span.repaired)
        sides = [self._before, self._since]
        good, bad = reversed(sides) if repaired else sides
        return Bisected(
            good=self._wish.good,
            bad=self._wish.bad,
            repaired=repaired,
            steps=self._steps.told(self._wanted) if self._wanted else (),
            candidates=tuple(map(self._place, self._found)),
            before=self._place(self._before) if self._before else None,
            rows=self._steps.rows(good, bad, self._wanted) if self._wanted else (),
            trouble=trouble,
            selection=str(self._wish.selection),
        )

    def _find(self) -> None:
        wish = self._wish
        selected = select(wish.selection)
        self._span = span = between(wish.good, wish.bad, wish.checkout, ROOT)
        for end in (span.good, span.bad):
            self._say(f"trying {span.name(end)}")
            self._steps.attempt(end, selected, wish.selection.options)
        self._wanted = self._differing(span, selected)
        self._before, self._since = span.ends
        while (step := span.search.next()) is not None:
            self._look_at(span, step)
        found = span.search.candidates()
        if len(found) == 1:
            self._confirm(span, found[0])
        self._found = found

    def _differing(self, span: Span, selected: list[str]) -> list[str]:
        """What GOOD keeps and BAD breaks."""
        steps = self._steps
        rows = steps.rows(span.good, span.bad, selected)
        if rows:
            return [row.nodeid for row in rows]
        seen = (
            f"GOOD: {steps.verdicts(span.good, selected)}; "
            f"BAD: {steps.verdicts(span.bad, selected)}."
        )
        if steps.rows(span.bad, span.good, selected):
            raise Unjudged(f"GOOD breaks it and BAD keeps it, so name them in turn. {seen}")
        kept = any(steps.standing(span.good, [each]) is Standing.KEPT for each in selected)
        what = "BAD breaks nothing of what GOOD keeps" if kept else "GOOD keeps nothing of it"
        raise Unjudged(f"{what}: there is nothing to look for. {seen}")

    def _look_at(self, span: Span, step: str) -> None:
        self._say(f"the {span.sought} is one of {len(span.search.candidates())}")
        self._say(f"trying {span.name(step)}")
        try:
            self._steps.attempt(step, self._wanted, self._wanted, cache_first=True)
        except Foreign:
            raise
        except (PinError, Unjudged) as reason:
            self._steps.give_up(step, str(reason).removeprefix("--pin "))
            self._refuse_if_out_of_reach(str(reason))
        else:
            self._out_of_reach = 0
        standing = self._steps.standing(step, self._wanted)
        skipped = standing is Standing.SKIPPED
        why = f": {self._steps.verdicts(step, self._wanted)}" if skipped else ""
        self._say(f"{span.name(step)} is {standing}{why}")
        self._book(span, step, Side.UNKNOWN if skipped else span.side(standing is Standing.KEPT))

    def _book(self, span: Span, step: str, side: Side) -> None:
        span.search.book(step, side)
        if side is Side.BEFORE:
            self._before = step
        elif side is Side.SINCE:
            self._since = step

    def _refuse_if_out_of_reach(self, reason: str) -> None:
        """Without a network each build fails: that would be no answer, but it could take hours."""
        self._out_of_reach = self._out_of_reach + 1 if meaning(reason) else 0
        if self._out_of_reach == OUT_OF_REACH:
            raise Unjudged(
                f"{OUT_OF_REACH} in a row could not be had here. Mend that, and go on with the "
                f"same command and --resume. The last one: {reason}"
            )

    def _confirm(self, span: Span, first: str) -> None:
        """An answer is only believed if it shows again: the two sides take turns."""
        known = [each for each in span.search.preceding(first) if each in self._steps]
        self._before, self._since = (known or [self._before])[0], first
        sides = {self._before: Side.BEFORE, **dict.fromkeys(known, Side.BEFORE), first: Side.SINCE}
        for turn in range(REPETITIONS):
            self._say(f"trying what decides again, {turn + 1} of {REPETITIONS}")
            for step in sides:
                self._steps.repeat(step, self._wanted)
        for step, side in sides.items():
            standing = self._steps.standing(step, self._wanted)
            if standing is Standing.SKIPPED or span.side(standing is Standing.KEPT) is not side:
                seen = self._steps.verdicts(step, self._wanted)
                raise Unjudged(f"{span.name(step)} is not the same each time. {seen}.")

    def _place(self, step: str) -> Place:
        span = self._span
        return Place(span.name(step), span.pin(step), span.facts(step)) if span else Place(step, "")
