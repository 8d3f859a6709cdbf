"""What tests find in an engine they find in older ones, too."""

import sys
from contextlib import ExitStack
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pinproof_cell.engine_releases import (
    batch_of,
    half_read,
    no_penalties_of_others,
    nothing_to_the_host,
    pool_of,
    precompile,
    room_in,
)
from pinproof_cell.moved import Moved


def module(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    """A module of the engine's, which is not installed here."""
    made = ModuleType(name)
    vars(made).update(content)
    parts = name.split(".")
    for end in range(1, len(parts)):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), ModuleType(parts[end - 1]))
    monkeypatch.setitem(sys.modules, name, made)


def test_an_older_engine_has_one_pool() -> None:
    assert pool_of(SimpleNamespace(token_to_kv_pool=[1])) == [1]
    assert pool_of(SimpleNamespace(memory_pools=[1, 2], token_to_kv_pool=[1])) == [1, 2]


def test_an_older_engine_has_no_ranks() -> None:
    assert room_in(SimpleNamespace(available_size=lambda: 7)) == 7
    ranks = SimpleNamespace(dp_size=2, available_size=lambda rank: (3, 5)[rank])
    assert room_in(ranks) == 8


@pytest.mark.parametrize("read", ["a request", None])
def test_what_is_half_read_is_seen(read: str | None) -> None:
    expected = read is not None
    assert half_read(SimpleNamespace(chunked_req=read)) is expected
    assert half_read(SimpleNamespace(chunked_reqs=[None, read])) is expected


def test_a_batch_is_its_only_rank_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def older(reqs: list[str], pool: str, enable_overlap: bool) -> Any:  # noqa: FBT001 - theirs
        return SimpleNamespace(reqs=reqs, pool=pool, enable_overlap=enable_overlap)

    def newer(reqs: list[list[str]], pool: str, enable_overlap: bool, dp_size: int) -> Any:  # noqa: FBT001 - theirs
        infos = [SimpleNamespace(reqs=each) for each in reqs]
        assert dp_size == len(infos)
        return SimpleNamespace(reqs_info=infos, pool=pool, enable_overlap=enable_overlap)

    for begin in (older, newer):
        kind = SimpleNamespace(init_new=begin)
        module(monkeypatch, "sgl_jax.srt.managers.schedule_batch", ScheduleBatch=kind)
        made, of_rank = batch_of(["one", "two"], "pool", enable_overlap=False)
        assert (made.pool, made.enable_overlap) == ("pool", False)
        assert of_rank.reqs == ["one", "two"]


def test_an_older_worker_precompiles_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    worker = SimpleNamespace(forward_batch_generation="forward", model_runner="runner", mesh="mesh")
    kind = SimpleNamespace(precompile_decode=done.append)
    module(monkeypatch, "sgl_jax.srt.managers.tp_worker", ModelWorker=kind)
    precompile(worker, "decode")
    assert done == [worker]
    with pytest.raises(Moved, match=r"no sgl_jax\.srt\.managers\.tp_worker\.ModelWorker\.prec"):
        precompile(worker, "extend")


def test_a_newer_worker_has_a_manager_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    worker = SimpleNamespace(
        forward_batch_generation="forward",
        model_runner="runner",
        mesh="mesh",
        compilation_manager="manager",
    )
    manager = SimpleNamespace(_precompile_decode=lambda *given: done.append(given))
    name = "sgl_jax.srt.model_executor.compilation_manager"
    module(monkeypatch, name, CompilationManager=manager)
    precompile(worker, "decode")
    assert done == [("manager", "forward", "runner", "mesh", None, None)]


def test_what_was_never_computed_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    module(monkeypatch, "jax", device_get=lambda shape: f"zeros for {shape}")
    older = SimpleNamespace(
        model_runner=SimpleNamespace(
            sample=lambda *_: ("tokens", "log-probabilities", "to be read"),
            compute_logprobs=lambda *_: "a shape",
        )
    )
    newer = SimpleNamespace(_materialize_logprobs_to_host=lambda *_: pytest.fail("fetched"))
    with ExitStack() as entered:
        for worker in (older, newer):
            entered.enter_context(nothing_to_the_host(worker))
        assert older.model_runner.sample("logits") == ("tokens", "log-probabilities", None)
        assert older.model_runner.compute_logprobs("logits") == "zeros for a shape"
        vars(newer)["_materialize_logprobs_to_host"]("output")
    assert older.model_runner.sample("logits")[-1] == "to be read"


def test_penalties_of_an_earlier_engine_are_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {(8, 320): "on other chips"}
    name = "sgl_jax.srt.sampling.sampling_batch_info"
    module(monkeypatch, name, _zero_linear_penalty_cache=kept)
    with no_penalties_of_others():
        assert not kept
        kept[4, 320] = "on these"
    assert kept == {(8, 320): "on other chips"}
