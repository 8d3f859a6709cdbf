"""The words of a run: promises, verdicts, evidence. A leaf: imports nothing of ours."""

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

PROMISE_ID = re.compile(r"[A-Z][A-Z0-9]*-[0-9]+[a-z]?")


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    CRASH = "crash"
    HANG = "hang"
    BLOCKED = "blocked"
    NOT_RUN = "not-run"
    KNOWN = "known"
    FIXED = "fixed"
    FLAKY = "flaky"

    @property
    def green(self) -> bool:
        return self in {Verdict.PASS, Verdict.KNOWN}


class Level(StrEnum):
    MUST = "MUST"
    SHOULD = "SHOULD"


class Tier(StrEnum):
    """How often a promise is tried: what takes long is not for every run."""

    USUAL = "usual"
    NIGHTLY = "nightly"


class LaneName(StrEnum):
    STATIC = "static"
    CPU = "cpu"
    AOT = "aot"
    LOCK = "lock"
    TPU = "tpu"


TPU_STAND_IN = "tpu-standin"
"""What a record calls the lane tpu where the suite's own tests tried it without a chip."""

CONDITION = "condition"
"""The property of a report that says what was not left to the pin when its promise was tried."""

FIGURES = "figures"
"""The property with what a promise's test has counted: numbers by name, the smaller the better."""


@dataclass(frozen=True)
class Promise:
    """One sentence that a pin has to keep."""

    id: str
    level: Level
    lanes: tuple[LaneName, ...]
    faults: tuple[str, ...]
    sentence: str
    tier: Tier = Tier.USUAL

    @property
    def area(self) -> str:
        return self.id.rpartition("-")[0]


@dataclass(frozen=True)
class Evidence:
    """What was seen; everything a reader needs who can't repeat the run."""

    observed: str
    required: str
    next_step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    log_tail: tuple[str, ...] = ()
    stacks: str = ""
    exception: str = ""
    """The last one in the log of a process that broke; `observed` has it, too, beside the rest."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Finding(Exception):
    """A promise is not kept, or can't be tried; carries its verdict and evidence to the report."""

    verdict: ClassVar[Verdict]

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(f"{evidence.observed} (required: {evidence.required})")
        self.evidence = evidence


class Broken(Finding, AssertionError):
    verdict = Verdict.FAIL


class Crashed(Finding):
    verdict = Verdict.CRASH


class Hung(Finding):
    verdict = Verdict.HANG


class Blocked(Finding):
    verdict = Verdict.BLOCKED
