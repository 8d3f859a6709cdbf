"""Where tunix's releases differ, tests ask each for what it has, and say what it has not."""

import dataclasses
import sys
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pinproof_cell import tunix_releases
from pinproof_cell.moved import Moved

HEAD = "0.1.8"
AGGREGATIONS = {"sequence-mean-token-scale": "0.1.6", "seq-mean-token-sum": "0.1.7"}


@dataclasses.dataclass
class Early:
    beta: float
    loss_agg_mode: str = ""


@dataclasses.dataclass
class Late(Early):
    kl_loss_mode: str = ""
    use_rollout_logps: bool = True


def install(monkeypatch: pytest.MonkeyPatch, release: str, config: type = Late) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: release)
    learner: Any = ModuleType("learner")
    learner.GRPOConfig = config
    monkeypatch.setitem(sys.modules, "tunix.rl.grpo.grpo_learner", learner)


@pytest.mark.parametrize("release", ["0.1.5", "0.1.6", "0.1.7", HEAD, "0.1.8.dev3", "0.2"])
def test_what_came_later_is_named(monkeypatch: pytest.MonkeyPatch, release: str) -> None:
    install(monkeypatch, release)
    for mode, since in {**AGGREGATIONS, "token-mean": "0.1.5"}.items():
        told = tunix_releases.not_offered({"loss_agg_mode": mode, "beta": 0.0})
        assert told == ([f"loss_agg_mode={mode!r} (since {since})"] if release < since else [])


@pytest.mark.parametrize("release", ["0.1.5", "0.1.6"])
def test_the_only_estimator_is_not_asked_for(monkeypatch: pytest.MonkeyPatch, release: str) -> None:
    install(monkeypatch, release, Early)
    asked = {"beta": 0.3, "kl_loss_mode": "low_var_kl"}
    assert tunix_releases.algorithm_of(asked) == Early(0.3)
    with pytest.raises(Moved, match=r"tunix has no kl_loss_mode='kl' \(since 0\.1\.7\)"):
        tunix_releases.algorithm_of(asked | {"kl_loss_mode": "kl"})


@pytest.mark.parametrize("release", ["0.1.7", HEAD])
def test_later_ones_are_told_of_their_estimator(
    monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    install(monkeypatch, release)
    asked = {"beta": 0.3, "kl_loss_mode": "low_var_kl"}
    made = tunix_releases.algorithm_of(asked)
    assert made == Late(0.3, kl_loss_mode="low_var_kl", use_rollout_logps=False)
    # A release that has lost it is not taken for an old one.
    install(monkeypatch, release, Early)
    with pytest.raises(TypeError, match="kl_loss_mode"):
        tunix_releases.algorithm_of(asked)


class Trainer:
    model, optimizer = "model", "optimizer"

    def __init__(self, told: tuple[Any, ...]) -> None:
        self.told = told
        self.given: list[tuple[Any, ...]] = []

    def create_train_step_fn(self) -> Any:
        return self._train_step

    def _train_step(self, *given: Any) -> Any:
        self.given.append(given)
        return self.told

    def jit_train_and_eval_step(self, *, skip_jit: bool) -> tuple[Any, None]:
        assert skip_jit
        return self.create_train_step_fn(), None


@pytest.mark.parametrize(
    ("release", "told", "numbers"),
    [
        ("0.1.5", (1, {}), {"loss": 1.0}),
        ("0.1.6", (1, {}, 2), {"loss": 1.0, "norm": 2.0}),
        (HEAD, (1, {}, 2), {"loss": 1.0, "norm": 2.0}),
    ],
)
def test_each_step_is_given_model_and_optimizer_once(
    monkeypatch: pytest.MonkeyPatch, release: str, told: tuple[Any, ...], numbers: dict[str, float]
) -> None:
    install(monkeypatch, release)
    trainer = Trainer(told)
    step = tunix_releases.step_of(tunix_releases.uncompiled(trainer), compiled=False)
    assert step("example") == numbers
    assert trainer.given == [("model", "optimizer", "example")]


def test_a_step_that_no_longer_tells_its_norm_is_not_taken_for_an_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, HEAD)
    step = tunix_releases.step_of(tunix_releases.uncompiled(Trainer((1, {}))), compiled=False)
    with pytest.raises(ValueError, match="unpack"):
        step("example")


def test_only_the_first_has_no_engine_of_its_own_and_no_tied_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tied = {"tie_word_embeddings": True}
    install(monkeypatch, "0.1.6")
    tunix_releases.need_an_engine_of_its_own()
    assert tunix_releases.tying_of(tied) == {"use_tied_embedding": True}
    install(monkeypatch, "0.1.5")
    assert tunix_releases.tying_of({"tie_word_embeddings": False}) == {}
    with pytest.raises(Moved, match="starts its engine on the first devices"):
        tunix_releases.need_an_engine_of_its_own()
    with pytest.raises(Moved, match="no Qwen3 whose head is its embedding"):
        tunix_releases.tying_of(tied)


def test_a_rollout_says_completions_as_long_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "0.1.6")
    told = tunix_releases.said_by_a_rollout(np.array([[3], [4]]), [[5, 6], [7]], 0)
    assert [row.tolist() for row in told["tokens"]] == [[5, 6], [7]]
