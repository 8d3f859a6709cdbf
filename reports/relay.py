"""Carries what collection found to the controller, whether or not pytest-xdist is in between."""

from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest


@dataclass
class Collected:
    """What the process that collected has to say; the same for every worker."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)


COLLECTED = pytest.StashKey[Collected]()


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def collected(config: pytest.Config) -> Collected:
    return config.stash.setdefault(COLLECTED, Collected())


def refuse(config: pytest.Config, items: list[pytest.Item], problem: str) -> None:
    """End the run with a usage error; a worker runs nothing and lets the controller say it."""
    if not is_worker(config):
        raise pytest.UsageError(problem)
    collected(config).problems.append(problem)
    items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What pytest says of arguments that name nothing is lost with the worker that found it."""
    try:
        return (yield)
    except pytest.UsageError as error:
        collected(session.config).problems.extend(map(str, error.args))
        raise


def pytest_sessionfinish(session: pytest.Session) -> None:
    if is_worker(session.config):
        output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
        output["pinproof"] = asdict(collected(session.config))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    said = getattr(node, "workeroutput", None) or {}
    if "pinproof" in said:
        node.config.stash[COLLECTED] = Collected(**said["pinproof"])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    finished = yield
    problems = collected(session.config).problems
    if problems and not is_worker(session.config):
        raise pytest.UsageError("\n".join(problems))
    return finished
