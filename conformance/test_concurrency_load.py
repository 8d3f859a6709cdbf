"""More requests than an engine has room for: all are answered once, rightly and in time."""

from fixtures.cells import Cell
from fixtures.company import Visit, keep_host_buffer_apart
from fixtures.concurrency_load import (
    BURSTING,
    CROWD,
    LITTLE_AT_ONCE,
    RECKLESS,
    arrivals,
    growing,
    not_given_back,
    parallel_findings,
    queue,
    receive_crowd,
    starving,
    visits_of,
    waits,
    wrong_in_a_crowd,
)
from fixtures.engines import Engine
from fixtures.lanes import Lane, need_devices
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

ONCE = {
    "required": "the beginning of the certified answer for each of them, once",
    "next_step": "ask them one by one: does each come out right? then look at how answers find "
    "their way back",
}


@promise(
    "CONC-3",
    lanes=["cpu", "tpu"],
    faults=[
        "answers-are-exchanged-under-load",
        "one-request-in-forty-is-lost",
        "one-request-in-forty-is-answered-twice",
        "chunk-is-cleared-unread",
        "row-is-read-by-two-when-full",
        "streams-are-crossed",
    ],
)
def test_all_of_a_crowd_are_answered(engine: Engine, probe: Probe, stress: int) -> None:
    """Of many more requests than run at once, each MUST be answered once, and rightly."""
    prompts = list(probe.prompts.values())
    visits = visits_of(prompts, CROWD * stress)
    no_findings(wrong_in_a_crowd(prompts, visits, receive_crowd(engine, visits)), **ONCE)


@promise(
    "CONC-3b",
    lanes=["cpu", "tpu"],
    faults=[
        "last-come-is-first-served",
        "every-fifth-waits-until-all-are-gone",
        "one-waits-until-all-are-gone",
        "one-request-in-forty-is-lost",
    ],
)
def test_nobody_starves(engine: Engine, probe: Probe) -> None:
    """While others come without end, none MUST wait for many times as many steps as most do."""
    script = arrivals(list(probe.prompts))
    told = queue(engine, script, probe)
    waited = waits(script, told["seen"])
    no_findings(
        [*starving(waited), *filter(None, [told["stuck"]])],
        required="a turn for everybody while others still come",
        next_step="look at the order of the queue, and at what is let in before it",
        waited=waited,
    )


@promise(
    "CONC-3c",
    lanes=["cpu", "tpu"],
    faults=["one-end-in-ten-keeps-a-token", "one-end-in-forty-keeps-its-slot"],
)
def test_a_crowd_leaves_nothing_behind(engine: Engine, probe: Probe, stress: int) -> None:
    """When all have gone, room for keys and values and request slots MUST be as before."""
    crowd = receive_crowd(engine, visits_of(list(probe.prompts.values()), CROWD * stress))
    no_findings(
        not_given_back(crowd.before, crowd.after),
        required="as much free as before the first request came",
        next_step="repeat with one request at a time: which kind of end keeps something?",
    )


@promise(
    "CONC-3d",
    lanes=["cpu"],
    faults=["set-back-goes-on-from-elsewhere", "set-back-is-forgotten", "set-back-may-say-less"],
)
def test_those_who_are_set_back_are_answered(engines: Engines, probe: Probe, stress: int) -> None:
    """Requests that give way to others when space runs out MUST be answered, and rightly."""
    engine, prompts = engines.serving(probe, **RECKLESS), list(probe.prompts.values())
    visits = growing(prompts, stress)
    no_findings(wrong_in_a_crowd(prompts, visits, receive_crowd(engine, visits)), **ONCE)


@promise("CONC-3e", lanes=["cpu"], faults=["set-back-keeps-a-token", "set-back-keeps-its-slot"])
def test_those_who_are_set_back_give_all_back(engines: Engines, probe: Probe, stress: int) -> None:
    """After requests have given way, room and request slots MUST be as before."""
    engine, prompts = engines.serving(probe, **RECKLESS), list(probe.prompts.values())
    crowd = receive_crowd(engine, growing(prompts, stress))
    no_findings(
        not_given_back(crowd.before, crowd.after),
        required="as much free as before the first request came",
        next_step="look at what a request gives back when it is retracted, and when it is resumed",
    )


@promise(
    "CONC-4",
    lanes=["cpu", "tpu"],
    faults=[
        "ring-advances-by-padded-batches",
        "ring-overlaps-the-batch-before",
        "tokens-to-come-share-a-place",
        "burst-loses-its-last-request",
        "answers-are-exchanged-under-load",
    ],
)
def test_a_burst_is_answered_as_one_by_one(engines: Engines, probe: Probe, stress: int) -> None:
    """With the overlap schedule and little room to read in, a burst MUST be answered as singly."""
    engine = engines.serving(probe, **BURSTING)
    keep_host_buffer_apart(engine)
    prompts = list(probe.prompts.values())
    for group in (prompts[:1], [prompt for prompt in prompts for _ in range(4 * stress)]):
        visits = [Visit(prompt.tokens, stream=index % 2 == 0) for index, prompt in enumerate(group)]
        no_findings(wrong_in_a_crowd(group, visits, receive_crowd(engine, visits)), **ONCE)


@promise(
    "CONC-4b",
    lanes=["cpu", "tpu"],
    faults=[
        "prompts-beyond-the-budget-wait",
        "prompts-beyond-the-budget-are-forgotten",
        "prompts-beyond-the-budget-are-cut",
    ],
)
def test_more_than_can_be_read_at_once(fresh_cell: Cell, engines: Engines, probe: Probe) -> None:
    """Prompts that are together longer than `max_prefill_tokens` MUST wait for each other."""
    engine = engines.serving_in(fresh_cell, probe, **LITTLE_AT_ONCE)
    prompts = list(probe.prompts.values())
    visits = [Visit(prompt.tokens) for prompt in prompts]
    no_findings(wrong_in_a_crowd(prompts, visits, receive_crowd(engine, visits)), **ONCE)


@promise(
    "CONC-10",
    lanes=["cpu", "tpu"],
    faults=[
        "ranks-are-refused",
        "ranks-are-ignored",
        "ranks-are-ignored-on-one-device",
        "ranks-are-refused-without-a-reason",
    ],
)
def test_ranks_work_or_are_refused(
    fresh_cell: Cell, engines: Engines, probe: Probe, lane: Lane
) -> None:
    """Data-parallel ranks MUST work, each on devices and with requests of its own, or be refused.

    An engine that takes `dp_size=2` and answers as if it had not been given is neither.
    """
    need_devices(lane, 2)
    no_findings(
        parallel_findings(fresh_cell, probe, engines.sound),
        required="the oracle's answers from two ranks, or an error that names dp_size",
        next_step="ask one prompt at a time: which ranks answer rightly?",
    )
