"""The oracle and the published implementation of both families, so that nobody has to trust us."""

import json
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from fixtures.checkpoints import BOS, EOS, PAD, SHAPES, Family
from fixtures.probes import Probe, certified
from fixtures.tokenizer import END_OF_TURN, FIRST_BYTE, TURN, decode, encode
from tests import reference

EXACT = 1e-10
"""In nats, in float64 throughout; measured: below 1e-13."""
SHIPPED = 1e-4
"""With the casts to float32 that transformers makes whatever the dtype; measured: 2e-5."""

FAMILIES: tuple[Family, ...] = get_args(Family.__value__)
TEXTS = ["Who are you?", "你是谁", "", " a  b\n\tc ", "é🙂\x00\x7f"]
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "你是谁"},
]
DRAWN = np.random.default_rng(0).integers(0, 320, (20, 30)).tolist()
"""Any ids: special ones, ones without text, and bytes that are no text together."""

CASES = [
    f"{family}, {'tied' if tied else 'untied'}, {shape}"
    for family, tied, shape in product(FAMILIES, (False, True), SHAPES)
]


@pytest.fixture(scope="module")
def probes(probe_cache: Path) -> dict[str, Probe]:
    recipes = product(FAMILIES, (False, True), SHAPES.values())
    return {
        case: certified(probe_cache, family=family, tied=tied, shape=shape)
        for case, (family, tied, shape) in zip(CASES, recipes, strict=True)
    }


@pytest.fixture(scope="module")
def answers(probes: dict[str, Probe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        interpreter = reference.python()
    except reference.NoReferenceError as missing:
        pytest.skip(str(missing))
    results = tmp_path_factory.mktemp("answers")
    request = results / "request.json"
    models = {case: (str(probe.directory), _sequences(probe)) for case, probe in probes.items()}
    tokenizer = {
        "directory": str(probes[CASES[0]].directory),
        "texts": TEXTS,
        "tokens": DRAWN,
        "messages": MESSAGES,
    }
    request.write_text(json.dumps({"models": models, "tokenizer": tokenizer}))
    reference.run(interpreter, request, results)
    return results


@pytest.fixture(scope="module")
def tokenized(answers: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((answers / "tokenizer.json").read_text())
    return said


def _sequences(probe: Probe) -> dict[str, list[int]]:
    return {name: prompt.tokens + prompt.answer for name, prompt in probe.prompts.items()}


def _farthest(probe: Probe, file: Path) -> float:
    said = np.load(file)
    return max(
        float(np.abs(probe.oracle.log_probabilities(tokens) - said[name]).max())
        for name, tokens in _sequences(probe).items()
    )


@pytest.mark.parametrize("case", CASES)
def test_every_log_probability_is_that_of_transformers(
    answers: Path, probes: dict[str, Probe], case: str
) -> None:
    assert _farthest(probes[case], answers / case / "exact.npz") < EXACT


@pytest.mark.parametrize("case", CASES)
def test_transformers_as_shipped_differs_only_by_its_rounding(
    answers: Path, probes: dict[str, Probe], case: str
) -> None:
    assert _farthest(probes[case], answers / case / "shipped.npz") < SHIPPED


def test_texts_become_the_same_tokens(tokenized: dict[str, Any]) -> None:
    assert tokenized["encoded"] == [encode(text) for text in TEXTS]


def test_tokens_become_the_same_texts(tokenized: dict[str, Any]) -> None:
    assert tokenized["decoded"] == [decode(tokens) for tokens in DRAWN]


def test_special_tokens_have_the_ids_of_the_config(tokenized: dict[str, Any]) -> None:
    assert tokenized["special"] == [PAD, BOS, EOS]


def test_the_chat_template_makes_turns(tokenized: dict[str, Any]) -> None:
    newline = FIRST_BYTE + ord("\n")
    turns = [
        token
        for message in MESSAGES
        for token in (
            *(TURN, *encode(f"{message['role']}\n{message['content']}")),
            *(END_OF_TURN, newline),
        )
    ]
    assert tokenized["chat"] == [*turns, TURN, *encode("assistant\n")]


def test_without_a_build_for_cpus_the_reason_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(reference.NoReferenceError, match="PIP_FIND_LINKS"):
        reference.python(tmp_path, candidates=())
