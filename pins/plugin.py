"""`--pin`: which pin a run is about. It is built only when promises are really going to run."""

import pytest

from pins.environment import Pin, obtain, settle
from pins.pair import Pair, pair
from pins.spec import PinError, parse
from pins.uv import Progress

_HELP = (
    "the packages under test: a version such as 0.1.0rc0, git+https://...@REVISION, the path of a "
    "checkout or of a wheel, each perhaps with +tunix=VERSION, +jax=VERSION and the like; env:PATH "
    "for an existing venv or conda environment (never modified), or here for the running "
    "interpreter (default: the locked pin)"
)
_PIN_KEY = pytest.StashKey[Pin]()
_SETTLED_KEY = pytest.StashKey[str]()
_SETTLED = "pinproof_pin"
_PROMISES = "conformance/"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("pinproof").addoption("--pin", metavar="PIN", help=_HELP)
    parser.addini("pin", _HELP, default="")


def pytest_configure(config: pytest.Config) -> None:
    try:
        parse(_spec(config))
    except PinError as error:
        raise pytest.UsageError(str(error)) from None


def pin_of(config: pytest.Config) -> Pin:
    """The run's pin; the first call builds it if need be."""
    if _PIN_KEY not in config.stash:
        try:
            config.stash[_PIN_KEY] = obtain(_settled(config), config.rootpath, _progress(config))
        except PinError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_PIN_KEY]


def pair_of(config: pytest.Config) -> Pair:
    """What the run's pin has, without building it."""
    try:
        return pair(_settled(config), config.rootpath)
    except PinError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Before xdist starts workers, which could not end in peace if there is no such pin."""
    if not session.config.option.collectonly:
        _settled(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Say that the pin can't be had once, before the first test, rather than in every test."""
    on_controller = not hasattr(session.config, "workerinput")
    if on_controller and not session.config.option.collectonly:
        _obtain_for(session.config, [item.nodeid for item in session.items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: object, ids: list[str]) -> None:
    """The same on the controller of `-n`: here the workers have not yet been given any test."""
    _obtain_for(node.config, ids)  # type: ignore[attr-defined] # xdist has no types


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Workers take the very pin of their controller, though its branch or checkout goes on."""
    if settled := node.config.stash.get(_SETTLED_KEY, ""):  # type: ignore[attr-defined] # likewise
        node.workerinput[_SETTLED] = settled  # type: ignore[attr-defined] # likewise


def _settled(config: pytest.Config) -> str:
    if _SETTLED_KEY not in config.stash:
        given = getattr(config, "workerinput", {}).get(_SETTLED)
        try:
            config.stash[_SETTLED_KEY] = given or settle(_spec(config), config.rootpath)
        except PinError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_SETTLED_KEY]


def _obtain_for(config: pytest.Config, node_ids: list[str]) -> None:
    if any(node_id.startswith(_PROMISES) for node_id in node_ids):
        pin_of(config)


def _spec(config: pytest.Config) -> str:
    return str(config.getoption("--pin") or config.getini("pin"))


def _progress(config: pytest.Config) -> Progress:
    reporter = config.pluginmanager.get_plugin("terminalreporter")

    def say(line: str) -> None:
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"pin: {line}")
            reporter.flush()

    return say
