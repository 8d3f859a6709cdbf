"""`--tier`: promises that take long are tried when they are asked for, not in every run."""

import pytest

from reports.model import Tier
from reports.promises import promise_of
from reports.relay import collected

_HELP = "try promises of this tier, and of those that take less (default: %(default)s)"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pinproof")
    group.addoption("--tier", choices=[*map(str, Tier)], default=str(Tier.USUAL), help=_HELP)


def pytest_pinproof_options(config: pytest.Config) -> str | None:
    tier = config.getoption("tier")
    return None if tier == Tier.USUAL else f"--tier={tier}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Runs after all that selects, so that only what was asked for is said to be left out."""
    names = {
        item: promise.id
        for item in items
        if (promise := promise_of(item)) and promise.tier is Tier.NIGHTLY
    }
    if names and config.getoption("tier") != Tier.NIGHTLY:
        config.hook.pytest_deselected(items=list(names))
        items[:] = [item for item in items if item not in names]
        listed = ", ".join(dict.fromkeys(names.values()))
        collected(config).notes.append(f"Not tried, for it takes long: {listed} (--tier=nightly)")
