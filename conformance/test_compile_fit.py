"""Which models start on which chips, and with room for how many tokens."""

from fixtures.compiler import ROUNDED, Compiler, Record, costs, overcommitted, wrong_work
from fixtures.fit_cases import AS_ENGINES_DO, AS_USERS_SAY, REQUESTS, TOKENS, USUAL
from fixtures.fitting import flops, misfits
from fixtures.promises import promise
from fixtures.verify import no_findings
from reports.model import Level, Tier


@promise(
    "AOT-4",
    lanes=["aot"],
    faults=[
        "memory-is-overcommitted",
        "weights-are-counted-twice",
        "part-of-the-pool-is-not-counted",
        "small-heads-are-counted-unpadded",
        "weights-are-on-every-chip",
        "lack-of-memory-has-other-words",
    ],
)
def test_models_start_where_they_fit(compiler: Compiler) -> None:
    """An engine MUST start with the tokens for which its chips have room, or say there is none."""
    found = [finding for case in USUAL for finding in misfits(case, compiler.fit(case))]
    no_findings(
        found,
        required="weights, keys and values in the share of the memory that they may have",
        next_step="`pinproof fit` shows what the pin makes of a model; compare both pins",
        cases=len(USUAL),
    )


@promise("AOT-4b", lanes=["aot"], faults=["memory-is-overcommitted", "pool-is-not-donated"])
def test_programs_fit_beside_what_is_reserved(compiler: Compiler) -> None:
    """What an engine reserves MUST leave room for the programs of 256 requests."""
    report = compiler.programs(AS_USERS_SAY, "extend", "decode")
    no_findings(
        overcommitted(report, AS_USERS_SAY.target),
        required="weights, pool and the largest program together in the memory of a chip",
        next_step="a smaller mem_fraction_static leaves more for programs",
        resident=report["resident"],
    )


@promise("AOT-9", lanes=["aot"], faults=["logits-for-every-token"], level=Level.SHOULD)
def test_steps_compute_what_their_matrices_ask_for(compiler: Compiler, record: Record) -> None:
    """A step SHOULD multiply each matrix once for each token, the last for each request."""
    report = compiler.programs(AS_USERS_SAY, "extend", "decode")
    record(costs(AS_USERS_SAY.target.generation.name, report))
    wanted = {
        "extend": flops(AS_USERS_SAY, TOKENS, REQUESTS),
        "decode": flops(AS_USERS_SAY, REQUESTS, REQUESTS),
    }
    no_findings(
        wrong_work(report, wanted),
        required=f"as many operations as the matrices ask for, and at most {ROUNDED:.0%} more",
        next_step="see which matrix is multiplied for tokens that nobody asked for",
    )


@promise(
    "AOT-4c",
    lanes=["aot"],
    faults=["requests-are-as-many-as-fit", "requests-fit-but-the-pool-does-not"],
    tier=Tier.NIGHTLY,
)
def test_programs_fit_for_as_many_requests_as_the_engine_serves(compiler: Compiler) -> None:
    """When nobody limits the requests, an engine MUST serve no more at once than have room."""
    report = compiler.programs(AS_ENGINES_DO, "decode")
    no_findings(
        overcommitted(report, AS_ENGINES_DO.target),
        required="weights, pool and the largest program together in the memory of a chip",
        next_step="set max_running_requests, which the engine takes from the size of its pool",
        resident=report["resident"],
    )
