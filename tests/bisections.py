"""Bisections whose runs are made up, so that they take no time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli import bisecting, steps
from cli.bisecting import Bisection, Wish
from cli.evidence import Foreign, Unjudged
from cli.selecting import Selection
from cli.trying import Began
from pins import span
from pins.environment import Pin
from pins.spec import PinError
from reports.bisected import Bisected
from reports.stored import Stored
from tests.gate_cases import case

OFFERED = ("2.0", "1.9", "1.8", "1.8rc1", "1.7", "1.6", "1.5", "1.4", "1.3", "1.2", "1.1", "1.0")
UNREACHABLE = "the pin could not be built: connection refused"


@dataclass
class MadeUp:
    """`verdicts` says of each promise what becomes of it with a pin, in each turn."""

    verdicts: dict[str, Callable[[str, int], str]] = field(default_factory=dict)
    not_to_be_had: Mapping[str, str] = field(default_factory=dict)
    dying: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    tried: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    cache_first: dict[str, bool] = field(default_factory=dict)

    def find(self, good: str, bad: str, checkout: str = "") -> Bisected:
        return Bisection(Wish(good, bad, checkout, Selection()), self.said.append).answer()

    def say(self, words: str) -> None:
        self.said.append(words)

    def obtain(self, text: str, root: Path, _say: object, *, cache_first: bool) -> Pin:
        self.cache_first[text] = cache_first
        if text in self.not_to_be_had:
            raise PinError(self.not_to_be_had[text])
        return Pin(text, text, root, root)

    def select(self, _selection: Selection) -> list[str]:
        return [f"{promise}[cpu]" for promise in self.verdicts]

    def first(self, pin: Pin, wanted: list[str], began: Began, _options: list[str]) -> Stored:
        if pin.spec in self.foreign:
            raise Foreign("the record was made by another suite.")
        return self.again(pin.spec, wanted, began)

    def again(self, pin: str, wanted: list[str], began: Began) -> Stored:
        turn = self.tried.count(pin)
        self.tried.append(pin)
        record = Path(f"/runs/{len(self.tried)}")
        began(record)
        if pin in self.dying:
            raise Unjudged(f"the run with {pin} was killed.")
        promises = [nodeid.removesuffix("[cpu]") for nodeid in wanted]
        cases = {
            f"{promise}[cpu]": case(self.verdicts[promise](pin, turn), promise, pin_spec=pin)
            for promise in promises
        }
        return Stored(record, {}, cases, 0)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    made = MadeUp()
    monkeypatch.setattr(bisecting, "Trials", lambda *_: made)
    monkeypatch.setattr(bisecting, "select", made.select)
    monkeypatch.setattr(steps, "obtain", made.obtain)
    monkeypatch.setattr(span, "releases", lambda: [*OFFERED])
    return made
