"""The text of a failure: a repair manual for somebody who was not there."""

import json
import shlex
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from reports.model import Verdict

KNOWN_ELSEWHERE = "elsewhere"
SHOWN_LOG_LINES = 20
SHOWN_STACK_LINES = 40
SHOWN_CHARACTERS = 1000

NEXT_STEPS = {
    Verdict.FAIL: "Run the command above; 'pinproof bisect' finds the change that broke it.",
    Verdict.CRASH: "Read the last log lines and stacks: the engine took its process down.",
    Verdict.HANG: "Look in the stacks for the thread that holds what the others wait for.",
    Verdict.BLOCKED: "Nothing was learnt about the pin: remove the obstacle and run again.",
    Verdict.FIXED: "Remove the entry from the ledger, so that the promise is kept from now on.",
    Verdict.FLAKY: "Run the command above several times, and compare the records.",
}


@dataclass
class Case:
    """One promise in one lane: everything the record keeps of it, ready for JSON.

    `seen` is what became of the test, `verdict` what that means against the ledger.
    """

    verdict: Verdict
    promise: str
    lane: str
    nodeid: str
    level: str = ""
    options: str = ""
    sentence: str = ""
    pin: str = ""
    pin_spec: str = ""
    reason: str = ""
    evidence: dict[str, Any] | None = None
    evidence_file: str = ""
    condition: str = ""
    ledger: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    seen: Verdict | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types only: pytest-xdist sends nothing else, not even a string's subclass."""
        data = asdict(self) | {"reproduce": self.reproduce, "seen": self.seen or self.verdict}
        plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
        return plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        seen = Verdict(data["seen"]) if data.get("seen") else None
        return cls(**known | {"verdict": Verdict(data["verdict"]), "seen": seen})

    @property
    def reproduce(self) -> str:
        pin = f" --pin {shlex.quote(self.pin_spec)}" if self.pin_spec else ""
        options = f" {self.options}" if self.options else ""
        return f"pytest {shlex.quote(self.nodeid)}{pin}{options}"

    @property
    def observed(self) -> str:
        """As the evidence has it; where there is none, the reason says it."""
        return str((self.evidence or {}).get("observed") or self.reason)

    @property
    def exception(self) -> str:
        return str((self.evidence or {}).get("exception") or "")

    @property
    def required(self) -> str:
        return str((self.evidence or {}).get("required") or "")

    @property
    def title(self) -> str:
        where = f"lane {self.lane}, pin {self.pin}" if self.pin else f"lane {self.lane}"
        return f"{self.promise} {self.level} in {where}: {self.verdict}"


def brief(case: Case) -> str:
    return render(
        case,
        log_lines=SHOWN_LOG_LINES,
        stack_lines=SHOWN_STACK_LINES,
        characters=SHOWN_CHARACTERS,
    )


def render(
    case: Case,
    *,
    log_lines: int | None = None,
    stack_lines: int | None = None,
    characters: int | None = None,
) -> str:
    evidence = case.evidence or {}
    log = list(evidence.get("log_tail", ()))
    stacks = evidence.get("stacks", "").splitlines()
    parts = [
        _line("promise", case.sentence),
        _line("observed", _cut(case.observed, characters)),
        _line("required", case.required),
        _line("with", case.condition),
        *(
            _line(name, _cut(value, characters))
            for name, value in evidence.get("facts", {}).items()
        ),
        _block("last log lines", log, log[-log_lines:] if log_lines else log),
        _block("stacks", stacks, stacks[:stack_lines]),
        *(_line(f"ledger {name}", value) for name, value in case.ledger.items()),
        _line("evidence", case.evidence_file),
        _line("reproduce", case.reproduce),
        _line("next step", evidence.get("next_step") or NEXT_STEPS.get(case.verdict, "")),
    ]
    return "".join(parts)


def _cut(value: object, characters: int | None) -> str:
    text = str(value)
    if characters is None or len(text) <= characters:
        return text
    return f"{text[:characters]}... ({len(text)} characters, all of them in the evidence)"


def _line(name: str, value: object) -> str:
    text = str(value).replace("\n", f"\n{'':13}")
    return f"  {f'{name}:':<10} {text}\n" if text else ""


def _block(name: str, lines: list[str], shown: list[str]) -> str:
    if not lines:
        return ""
    extent = f" ({len(shown)} of {len(lines)} lines)" if len(shown) < len(lines) else ""
    return f"  {name}{extent}:\n" + "".join(f"    | {line.rstrip()}\n" for line in shown)
