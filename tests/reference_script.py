"""Runs where torch and transformers are: answers a request in JSON with arrays and JSON."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch  # type: ignore[import-not-found]
from transformers import (  # type: ignore[import-not-found]
    AutoModelForCausalLM,
    AutoTokenizer,
)

DOUBLE: dict[str, Any] = {"dtype": torch.float64, "attn_implementation": "eager"}


def in_float64() -> contextlib.ExitStack:
    """Norms, rotations and softmax cast to float32 on their own: let that name mean float64."""
    stack = contextlib.ExitStack()
    for name in ("float32", "float"):
        stack.enter_context(mock.patch.object(torch, name, torch.float64))
    stack.enter_context(mock.patch.object(torch.Tensor, "float", torch.Tensor.double))
    return stack


def rows(model: Any, sequences: dict[str, list[int]]) -> dict[str, Any]:
    with torch.no_grad():
        return {
            name: torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), -1).numpy()
            for name, tokens in sequences.items()
        }


def ask_model(directory: str, sequences: dict[str, list[int]], results: Path) -> None:
    shipped = AutoModelForCausalLM.from_pretrained(directory, **DOUBLE).eval()
    np.savez(results / "shipped.npz", **rows(shipped, sequences))
    with in_float64():
        exact = AutoModelForCausalLM.from_config(shipped.config, **DOUBLE).eval()
        exact.load_state_dict(shipped.state_dict(), strict=True)
        np.savez(results / "exact.npz", **rows(exact, sequences))


def ask_tokenizer(request: dict[str, Any]) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(request["directory"])
    return {
        "encoded": [tokenizer.encode(text) for text in request["texts"]],
        "decoded": [
            tokenizer.decode(tokens, skip_special_tokens=True) for tokens in request["tokens"]
        ],
        "chat": tokenizer.apply_chat_template(request["messages"], add_generation_prompt=True),
        "special": [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id],
    }


def main(request: Path, results: Path) -> None:
    # The models are tiny: more threads only wait for each other.
    torch.set_num_threads(1)
    asked = json.loads(request.read_text())
    for key, (directory, sequences) in asked["models"].items():
        (results / key).mkdir()
        ask_model(directory, sequences, results / key)
    (results / "tokenizer.json").write_text(json.dumps(ask_tokenizer(asked["tokenizer"])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
