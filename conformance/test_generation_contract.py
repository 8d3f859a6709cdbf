"""What a request says about its answer's length, end, number and penalties, and nothing else."""

import pytest

from fixtures import wishes
from fixtures.contract import GREEDY, Outcome, Wish, ask_in_waves, ask_together, ungranted
from fixtures.engines import Engine
from fixtures.penalties import cases, least_lengths, loudened, margin_of, penalised
from fixtures.probes import Probe, Prompt
from fixtures.promises import promise
from fixtures.seam import as_leaves
from fixtures.serving import Engines
from fixtures.verify import no_findings
from fixtures.warmth import compiled_by, warm_up, within
from reports.model import Level

pytestmark = pytest.mark.chips(1)

REQUIRED = "the oracle's tokens up to where the request says, that text, and why it ended"
WRITTEN = "look at what the scheduler makes of this parameter, and for which rows"


@pytest.fixture
def writer(engines: Engines, probe: Probe) -> Engine:
    """An engine with a tokenizer, which stop strings and texts need."""
    return engines.serving(probe, skip_tokenizer_init=False)


@pytest.fixture
def prompts(probe: Probe) -> list[Prompt]:
    return list(probe.prompts.values())


def all_granted(engine: Engine, asked: list[Wish]) -> None:
    """Alone, then all together."""
    alone = [outcome for wish in asked[:3] for outcome in ask_together(engine, [wish])]
    together = ask_together(engine, asked)
    no_findings(
        [*ungranted(asked[:3], alone), *ungranted(asked, together)],
        required=REQUIRED,
        next_step=WRITTEN,
    )


@promise(
    "GEN-6",
    lanes=["cpu", "tpu"],
    faults=[
        "answers-are-a-token-short",
        "answers-are-a-token-long",
        "length-of-the-request-before",
        "length-is-called-a-stop",
        "single-token-becomes-two",
    ],
)
def test_answers_have_the_asked_length(writer: Engine, prompts: list[Prompt]) -> None:
    """An answer without a stop MUST have `max_new_tokens` tokens, and say that this ended it."""
    all_granted(writer, wishes.lengths(prompts))


@promise(
    "GEN-6b",
    lanes=["cpu", "tpu"],
    faults=[
        "stop-token-is-emitted",
        "stop-token-is-noticed-late",
        "first-token-never-stops",
        "only-one-stop-id-counts",
        "stop-ids-leak-to-all-rows",
        "matched-token-is-another",
    ],
)
def test_stop_ids_end_an_answer(writer: Engine, prompts: list[Prompt]) -> None:
    """An answer MUST end before the first of its `stop_token_ids`, and name it."""
    all_granted(writer, list(wishes.stop_ids(prompts)))


@promise(
    "GEN-6c",
    lanes=["cpu", "tpu"],
    faults=[
        "stop-string-is-ignored",
        "stop-string-stays-in-the-text",
        "stop-strings-over-tokens-are-missed",
        "only-the-first-stop-string-counts",
    ],
)
def test_stop_strings_end_an_answer(writer: Engine, prompts: list[Prompt]) -> None:
    """An answer's text MUST end before the first of its `stop` strings, and name it."""
    all_granted(writer, list(wishes.stop_strings(prompts)))


@promise(
    "GEN-6d",
    lanes=["cpu", "tpu"],
    faults=["end-of-sequence-is-never-ignored", "end-of-sequence-is-always-ignored"],
)
def test_end_of_sequence_ends_an_answer(writer: Engine, probe: Probe) -> None:
    """An answer MUST end before end-of-sequence, unless the request says `ignore_eos`."""
    for step in (0, 6, 14):
        tensors, prompts = wishes.ending(probe, probe.prompts["a page"].answer[step])
        writer.swap(as_leaves(tensors))
        all_granted(writer, list(wishes.end_of_sequence(prompts)))


@promise(
    "GEN-6e",
    lanes=["cpu", "tpu"],
    faults=["ignoring-the-end-heeds-stops", "ignoring-the-end-heeds-even-stops"],
)
def test_ignoring_the_end_ignores_nothing_else(writer: Engine, prompts: list[Prompt]) -> None:
    """A request that says `ignore_eos` MUST still end before its own `stop_token_ids`."""
    all_granted(writer, wishes.ignored_end_with_stops(prompts))


@promise(
    "GEN-6f",
    lanes=["cpu", "tpu"],
    faults=["n-is-ignored", "one-answer-of-n-is-missing", "n-mixes-up-prompts"],
)
def test_n_gives_n_answers(writer: Engine, prompts: list[Prompt]) -> None:
    """`n` MUST give n answers to each prompt, one prompt's after the other's."""
    all_granted(writer, list(wishes.several(prompts)))
    batch = writer.ask([prompt.tokens for prompt in prompts], sampling={**GREEDY, "n": 2})
    outcomes = [Outcome([answer]) for answer in batch]
    no_findings(
        ungranted(wishes.from_one_batch(prompts, 2), outcomes),
        required=REQUIRED,
        next_step=WRITTEN,
    )


@promise(
    "GEN-6g",
    lanes=["cpu", "tpu"],
    faults=[
        "penalties-leak-to-the-neighbour",
        "penalties-apply-twice",
        "penalties-come-a-step-late",
        "frequency-counts-once",
        "presence-counts-each-time",
        "penalties-count-the-prompt",
        "penalties-stay-when-rows-leave",
        "penalties-of-late-comers-are-lost",
    ],
)
def test_penalties_weigh_what_was_said(engines: Engines, writer: Engine, probe: Probe) -> None:
    """Frequency and presence penalties MUST weigh a row's own answer, each in its way."""
    margin = margin_of(engines.sound["dtype"])
    oracle = loudened(writer, probe)
    found = cases(oracle, margin, ["frequency", "presence", "both"])
    asked = list(penalised(oracle, found, margin))
    all_granted(writer, asked)
    waves = [asked[start::5] for start in range(5)]
    outcomes = ask_in_waves(writer, found[0].prompt, waves)
    no_findings(
        ungranted([wish for wave in waves for wish in wave], outcomes),
        required=REQUIRED,
        next_step="see whether rows that come and go carry their penalties with them",
    )


@promise(
    "GEN-6h",
    lanes=["cpu", "tpu"],
    faults=["least-length-is-ignored", "least-length-is-one-more", "least-length-is-one-less"],
)
def test_least_length_holds_stops_back(engines: Engines, writer: Engine, probe: Probe) -> None:
    """`min_new_tokens` MUST hold back stops until so many tokens are there, and no longer."""
    oracle = loudened(writer, probe)
    margin = margin_of(engines.sound["dtype"])
    all_granted(writer, list(least_lengths(oracle, list(probe.prompts.values()), margin)))


@promise(
    "GEN-6i",
    lanes=["cpu", "tpu"],
    faults=["repetition-penalty-is-refused", "repetition-penalty-is-refused-if-large"],
)
def test_repetition_penalty_is_heeded(engines: Engines, writer: Engine, probe: Probe) -> None:
    """A repetition penalty MUST weigh all tokens of prompt and answer, or be refused."""
    oracle = loudened(writer, probe)
    margin = margin_of(engines.sound["dtype"])
    found = cases(oracle, margin, ["repetition"])
    all_granted(writer, list(penalised(oracle, found, margin)))


@promise(
    "GEN-11",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["each-length-is-compiled", "each-batch-size-is-compiled", "parameters-are-compiled"],
)
def test_nothing_is_compiled_after_the_warm_up(engines: Engines, writer: Engine) -> None:
    """Once a bucket is warm, nothing SHOULD be compiled for other lengths, rows or parameters."""
    room = engines.sound["precompile_token_paddings"][0]
    warm_up(writer, room)
    no_findings(
        compiled_by(writer, within(room, engines.sound["max_running_requests"])),
        required="no trace and no lowering",
        next_step="see which shape, dtype or static argument differs from one request to the next",
    )
