"""A GRPO run without a trainer or an engine, as it would have to be."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np

from fixtures import grpo_oracle
from fixtures.checkpoints import BOS, EOS, PAD, Tensors, config_of
from fixtures.grpo_batches import padded
from fixtures.grpo_plans import GENERATIONS, LENGTH, PROMPTS, STEPS, USUAL, WIDTH
from fixtures.grpo_records import Run
from fixtures.oracle import Oracle, log_softmax
from fixtures.questions import TOP
from fixtures.seam import as_leaves
from fixtures.tokenizer import decode, encode
from fixtures.trained import SHAPE, lively_tensors

ASKED = [[BOS, *encode(prompt)] for prompt in PROMPTS]
PLACES = {"rollout": [0], "trainer": [2, 3]}
_HEADS = ("q_proj", "k_proj", "v_proj")


def trainers(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint's tensors by the trainer's names and in its layout."""
    return dict(_trainers(*each) for each in tensors.items())


def _trainers(name: str, value: Any) -> tuple[str, Any]:
    if name == "model.embed_tokens.weight":
        return "embedder.input_embedding", value
    if name in {"model.norm.weight", "lm_head.weight"}:
        return {"model.norm.weight": "final_norm.w"}.get(name, "lm_head.w"), value.T
    called = name.removeprefix("model.").removesuffix(".weight").replace("self_attn", "attn")
    last = called.rsplit(".", 1)[-1]
    if last in _HEADS:
        value = value.T.reshape(SHAPE.hidden_size, -1, SHAPE.head_dim)
    elif last == "o_proj":
        value = value.T.reshape(-1, SHAPE.head_dim, SHAPE.hidden_size)
    else:
        value = value.T
    return f"{called}.{'kernel' if '.mlp.' in called else 'w'}", value


def after(step: int) -> Tensors:
    """The actor goes the same way in each step."""
    way = np.random.default_rng(5)
    return {
        name: (value + np.float32(0.01) * step * way.standard_normal(value.shape)).astype("f4")
        for name, value in lively_tensors().items()
    }


def _answer(tokens: list[int], rows: Any) -> dict[str, Any]:
    pairs = zip(rows[np.arange(len(tokens)), tokens].tolist(), tokens, strict=True)
    ended = tokens[-1] == EOS
    return {
        "output_ids": tokens[:-1] if ended else tokens,
        "text": decode(tokens),
        "meta_info": {
            "output_token_logprobs": [[value, token, None] for value, token in pairs],
            "output_top_logprobs": [
                [[row[best], best, None] for best in np.argsort(-row)[:TOP].tolist()]
                for row in rows[: len(tokens)]
            ],
            "finish_reason": {"type": "stop" if ended else "length"},
        },
    }


def _moment(step: int) -> dict[str, Any]:
    tensors = after(step)
    oracle = Oracle(config_of(SHAPE), tensors)
    answers = []
    for prompt in ASKED:
        tokens = oracle.greedy(prompt, LENGTH).tokens
        rows = oracle.log_probabilities([*prompt, *tokens])[len(prompt) - 1 : -1]
        answers.append({**_answer(tokens, rows), "output_ids": tokens})
    return {
        "actor": trainers(tensors),
        "engine": [
            {"leaf": name, "device": 0, "begin": [0] * value.ndim, "values": value.copy()}
            for name, value in as_leaves(tensors).items()
        ],
        "answers": answers,
        "devices": {
            "engine": PLACES["rollout"],
            **dict.fromkeys(("actor", "reference", "optimizer"), PLACES["trainer"]),
        },
    }


def _rollout(step: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The third completion of each group has ended early."""
    draw, oracle = np.random.default_rng(step), Oracle(config_of(SHAPE), after(step))
    asked = [[BOS, *encode(prompt)] for prompt in USUAL.batch(step)]
    prompts = [prompt for prompt in asked for _ in range(GENERATIONS)]
    answers, scores = [], []
    for row, prompt in enumerate(prompts):
        tokens = draw.integers(5, 260, LENGTH).tolist()
        tokens = [*tokens[:3], EOS] if row % GENERATIONS == 2 else tokens
        rows = oracle.log_probabilities([*prompt, *tokens])[len(prompt) - 1 : -1]
        answers.append(_answer(tokens, log_softmax(rows / USUAL.temperature)))
        said = [entry[0] for entry in answers[-1]["meta_info"]["output_token_logprobs"]]
        scores.append([*said, *[0.0] * (LENGTH - len(said))])
    kept = [answer["output_ids"] for answer in answers]
    rewards = draw.normal(size=len(prompts)).tolist()
    example = {
        "prompt_ids": padded(prompts, WIDTH, left=True),
        "prompt_mask": padded([[1] * len(row) for row in prompts], WIDTH, left=True, pad=0) == 1,
        "completion_ids": padded(kept, LENGTH, left=False),
        "completion_mask": padded([[1] * len(row) for row in kept], LENGTH, left=False, pad=0) == 1,
        "advantages": grpo_oracle.advantages(np.array(rewards), GENERATIONS),
        "scores": np.array(scores),
    }
    rewarded = {"texts": [answer["text"] for answer in answers], "rewards": rewards}
    return {"prompts": prompts, "answers": answers}, example, rewarded


def _learnt(request: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    old = np.zeros(example["completion_ids"].shape)
    for row, answer in zip(old, request["answers"], strict=True):
        said = len(answer["output_ids"])
        row[:said] = [entry[0] for entry in answer["meta_info"]["output_token_logprobs"][:said]]
    return {
        "prompts": example["prompt_ids"],
        "completions": example["completion_ids"],
        "old": old,
    }


def made_up() -> Run:
    """One to be damaged: nobody else has it."""
    return Run(USUAL, "float32", ASKED, PLACES, deepcopy(_told()), config_of(SHAPE), after(0))


@cache
def _told() -> dict[str, Any]:
    requests, examples, rewarded = zip(*map(_rollout, range(STEPS)), strict=True)
    counts = ("train steps", "iterations", "global steps", "updates", "syncs")
    return {
        **dict.fromkeys(counts, STEPS),
        "history": {name: [0.1] * STEPS for name in ("loss", "kl", "grad_norm")},
        "moments": [_moment(step) for step in range(STEPS + 1)],
        "requests": list(requests),
        "examples": list(examples),
        "rewarded": list(rewarded),
        "learnt": [_learnt(*each) for each in zip(requests, examples, strict=True)],
        "reference": [trainers(after(0)), trainers(after(0))],
        "error": "",
        "ended": True,
        "pad": PAD,
        "company": [12],
        "actor": trainers(after(STEPS)),
        "optimizer": [np.full(3, 0.5)],
        "warnings": [],
    }
