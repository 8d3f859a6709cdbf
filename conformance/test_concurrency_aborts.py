"""Requests that are given up: they hold nothing, disturb nobody, and their callers hear of it."""

import pytest

from fixtures.answers import wrong_tokens
from fixtures.concurrency_aborts import SCRIPTS, Deadlines, kept_in_the_book, wrong_aborts
from fixtures.engines import Engine
from fixtures.live_swaps import Stage, stage
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings
from reports.model import Level

pytestmark = pytest.mark.chips(1)


@pytest.fixture
def live(engines: Engines, probe: Probe) -> Stage:
    return stage(engines, probe, probe)


@promise(
    "CONC-5",
    lanes=["cpu", "tpu"],
    faults=[
        "abort-takes-all",
        "abort-is-ignored",
        "abort-takes-the-neighbour",
        "abort-of-the-waiting-takes-the-next",
        "abort-is-never-answered",
        "abort-keeps-what-was-half-read",
        "abort-keeps-a-token",
        "abort-keeps-the-slot",
        "abort-frees-a-token-twice",
    ],
)
def test_aborted_requests_hold_nothing(live: Stage) -> None:
    """Aborted, requests of any stage MUST end at once, be answered, and hold nothing any more.

    Waiting, half read, decoding or streaming; one, some or all. All others are answered rightly.
    """
    no_findings(
        wrong_aborts(live, SCRIPTS),
        required="an end for those who are aborted, the right answer for all others, and all free",
        next_step="abort one of that stage alone: who is told, and who frees what it held?",
    )


@promise(
    "CONC-5b",
    lanes=["cpu", "tpu"],
    faults=["aborted-requests-are-forgotten", "half-read-requests-are-not-forgotten"],
)
def test_aborted_requests_are_struck_off(live: Stage) -> None:
    """Nor MUST the engine keep aborted requests in its book of those who wait for an answer."""
    no_findings(
        kept_in_the_book(live, SCRIPTS),
        required="a book of requests that is as long as before",
        next_step="look at what the tokenizer manager does with an AbortReq that comes back",
    )


@promise(
    "CONC-7",
    lanes=["cpu", "tpu"],
    faults=[
        "deadline-is-slept-through",
        "deadline-is-reported-late",
        "abort-is-ignored",
        "abort-takes-all",
        "abort-keeps-a-token",
    ],
)
def test_a_deadline_that_passes_is_reported(engine: Engine, probe: Probe) -> None:
    """A deadline that passes MUST be reported within 2 s, and what is aborted then MUST end.

    Waiting for an answer, a stream or several, running or queued, while the engine hangs; then it
    serves on.
    """
    deadlines = Deadlines.of(probe)
    told = deadlines.told(engine, probe, aborts=True)
    prompts = list(probe.prompts.values())
    later = wrong_tokens(prompts, engine.ask([prompt.tokens for prompt in prompts]))
    no_findings(
        [*deadlines.wrong(told, probe), *(f"later, {phrase}" for phrase in later)],
        required="the deadline within 2 s, no further token, all slots free, the right answers",
        next_step="look at who catches the cancellation, and what keeps the event loop busy",
    )


@promise(
    "CONC-7b",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        "requests-of-the-gone-are-aborted",
        "only-streams-of-the-gone-are-aborted",
        "of-many-only-the-first-is-aborted",
    ],
)
def test_what_nobody_waits_for_is_aborted(engine: Engine, probe: Probe) -> None:
    """A request whose caller has been cancelled SHOULD end by itself: `generate` tells no id."""
    deadlines = Deadlines.of(probe)
    told = deadlines.told(engine, probe, aborts=False)
    no_findings(
        deadlines.carried_on(told),
        required="no further token once the deadline has passed",
        next_step="abort them by their ids in tokenizer_manager.rid_to_state, or abort all",
    )
