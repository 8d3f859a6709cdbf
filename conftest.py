"""Joins the parts of the suite: pins, reports and fixtures know nothing of each other."""

from collections.abc import Collection
from typing import Any

import pytest

# Pytest can rewrite the assertions only of what is imported after this.
pytest.register_assert_rewrite("fixtures", "reports", "pins")

from fixtures.one_thread import import_numpy_with_one_thread

import_numpy_with_one_thread()

from fixtures.in_process import start_again_on
from fixtures.lanes import generation_here
from fixtures.nursery import CellPin
from pinproof_cell.faults import load_all
from pins import stamp
from pins.accepted import fingerprint_of, ledger_of
from pins.ledger import Ledger
from pins.pair import Pair
from pins.plugin import pair_of, pin_of
from reports.hooks import PinFacts
from reports.promises import committed_lanes

pytest_plugins = [
    "pins.plugin",
    "pins.accepted",
    "fixtures.lanes",
    "fixtures.workers",
    "fixtures.provide",
    "fixtures.serving",
    "fixtures.room",
    "fixtures.samplers",
    "fixtures.compiler",
    "fixtures.kernels",
    "fixtures.compiled_parts",
    "fixtures.compiled_training",
    "fixtures.grpo_loss",
    "fixtures.trained",
    "fixtures.trainer",
    "fixtures.grpo_reference",
    "fixtures.exploration",
    "fixtures.real_model",
    "fixtures.stress",
    "fixtures.prove",
    "reports.relay",
    "reports.promises",
    "reports.selection",
    "reports.tiers",
    "reports.record",
    "reports.verdicts",
    "reports.tally",
    "reports.terminal",
    "reports.preemption",
    "reports.resume",
    "fixtures.preflight",
    "fixtures.smoke",
]

_STAMP = pytest.StashKey[dict[str, Any]]()


def pytest_pinproof_stamp(config: pytest.Config) -> dict[str, Any]:
    if _STAMP not in config.stash:
        described = stamp.describe(pin_of(config), tpu=generation_here(config))
        config.stash[_STAMP] = {**described, "ledger": fingerprint_of(config)}
    return config.stash[_STAMP]


def pytest_pinproof_pin(config: pytest.Config) -> PinFacts:
    pin = pin_of(config)
    stamped = pytest_pinproof_stamp(config)
    return {
        "spec": pin.spec,
        "label": pin.label,
        "versions": stamp.versions(stamped),
        "made": dict(pin.made),
        "environment": stamp.facts(stamped),
    }


def pytest_pinproof_stack(config: pytest.Config) -> Pair:
    return pair_of(config)


def pytest_pinproof_ledger(config: pytest.Config) -> Ledger:
    return ledger_of(config, committed_lanes(config))


def pytest_pinproof_fault_names(config: pytest.Config) -> Collection[str]:  # noqa: ARG001 - likewise
    return load_all()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    if session.config.getoption("in_process") and not session.config.option.collectonly:
        start_again_on(pin_of(session.config).python, session.config)


@pytest.fixture(scope="session")
def cell_pin(pytestconfig: pytest.Config) -> CellPin:
    pin = pin_of(pytestconfig)
    return CellPin(pin.python, pin.cache)
