"""Checks all promises at collection, and compares them with the committed list."""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark import MarkMatcher
from _pytest.mark.expression import Expression

from reports import hooks
from reports.catalogue import Entry, Pair, by_number, lanes_in, read, render
from reports.failure import Case
from reports.model import PROMISE_ID, LaneName, Level, Promise, Verdict
from reports.relay import collected, is_worker, refuse

HOME = "conformance"
HIDING_MARKS = ("skip", "skipif", "xfail")
ASKED_FOR_LESS = ("keyword", "ignore", "ignore_glob", "deselect", "lf")


def promise_of(item: pytest.Item) -> Promise | None:
    marker = item.get_closest_marker("promise")
    return marker.args[0] if marker else None


def lane_of(item: pytest.Item) -> LaneName | None:
    return next((lane for lane in LaneName if item.get_closest_marker(lane)), None)


def lane_on_record(item: pytest.Item) -> str:
    """The lane's name, unless something stands in for its devices: then no reader accepts it."""
    lane = str(lane_of(item) or "")
    return item.config.hook.pytest_pinproof_stand_in(config=item.config, lane=lane) or lane


def proof_of(item: pytest.Item) -> str:
    """The node id without parameters."""
    return item.nodeid.removesuffix(item.name) + getattr(item, "originalname", item.name)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pinproof")
    group.addoption(
        "--write-promises",
        action="store_true",
        help="write the list of promises from the tests, and run none of them",
    )
    group.addoption(
        "--promises-file",
        default="docs/promises.md",
        metavar="FILE",
        help="the list of promises (default: %(default)s)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--write-promises"):
        config.option.collectonly = True
        if not everything_asked_for(config) or config.option.markexpr:
            raise pytest.UsageError(
                "--write-promises needs every promise: run it without paths, -k, -m or --ignore."
            )


def promises_file(config: pytest.Config) -> Path:
    return config.rootpath / str(config.getoption("--promises-file"))


def committed_lanes(config: pytest.Config) -> Mapping[str, Collection[str]] | None:
    """The lanes of each promise in the list; None where there is none, or it is being written."""
    writing = config.getoption("--write-promises")
    return None if writing else lanes_in(promises_file(config)) or None


def everything_asked_for(config: pytest.Config) -> bool:
    if any(config.getoption(name, None) for name in ASKED_FOR_LESS):
        return False
    home = config.rootpath / HOME if (config.rootpath / HOME).is_dir() else config.rootpath
    asked = (config.invocation_params.dir / argument for argument in config.args)
    return any(home.is_relative_to(path.resolve()) for path in asked)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    faults = config.hook.pytest_pinproof_fault_names(config=config)
    if problems := list(_problems(items, config.rootpath / HOME, faults)):
        listed = "".join(f"\n  - {problem}" for problem in problems)
        refuse(config, items, f"These promises can't be believed as they stand:{listed}")
        return
    entries = {
        proof_of(item): Entry(promise, proof_of(item))
        for item in items
        if (promise := promise_of(item))
    }
    if config.getoption("--write-promises") and not is_worker(config):
        promises_file(config).write_text(render(entries.values()), encoding="utf-8")
    elif everything_asked_for(config):
        _note_missing(config, items)


def _problems(
    items: list[pytest.Item], home: Path, faults: Collection[str] | None
) -> Iterator[str]:
    tests = {proof_of(item): item for item in items}
    users = defaultdict(list)
    for test, item in tests.items():
        if promise := promise_of(item):
            users[promise.id].append(test)
            for problem in _problems_of(item, promise, faults):
                yield f"{promise.id} ({test}) {problem}"
        elif item.path.is_relative_to(home):
            yield f"{test} has no @promise, so nobody can tell what it proves"
    for promise_id in sorted(users, key=by_number):
        if len(users[promise_id]) > 1:
            yield f"{promise_id} is the id of {' and '.join(users[promise_id])}; give each its own"


def _problems_of(
    item: pytest.Item, promise: Promise, faults: Collection[str] | None
) -> Iterator[str]:
    if not PROMISE_ID.fullmatch(promise.id):
        yield "has an id that isn't an area and a number, such as SWAP-3 or SWAP-7b"
    if not promise.sentence:
        yield "has no sentence: write it as the test's docstring"
    elif _other(promise.level) in promise.sentence or promise.level not in promise.sentence:
        yield f"is a {promise.level}, so its sentence has to say {promise.level} and nothing else"
    if not promise.faults:
        yield "names no fault that must make it fail"
    if faults is not None and (unknown := set(promise.faults) - set(faults)):
        yield f"names a fault that nobody registered: {', '.join(sorted(unknown))}"
    if not promise.lanes:
        yield "names no lane"
    if lane_of(item) is None:
        yield "doesn't use the fixture 'lane', so it would run in no lane"
    for mark in HIDING_MARKS:
        if item.get_closest_marker(mark):
            yield f"is marked {mark}: what a pin breaks belongs into the ledger"


def _other(level: Level) -> Level:
    return Level.SHOULD if level is Level.MUST else Level.MUST


def _note_missing(config: pytest.Config, items: list[pytest.Item]) -> None:
    present = {(promise.id, lane_of(item)) for item in items if (promise := promise_of(item))}
    collected(config).missing = [
        {"promise": pair.promise, "lane": pair.lane, "test": pair.test}
        for pair in read(promises_file(config))
        if (pair.promise, pair.lane) not in present and _selected(config, pair.lane)
    ]


def _selected(config: pytest.Config, lane: str) -> bool:
    text = config.option.markexpr
    marker = getattr(pytest.mark, lane).mark
    return not text or Expression.compile(text).evaluate(MarkMatcher.from_markers([marker]))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    finished = yield
    config = session.config
    if not is_worker(config) and not config.option.collectonly:
        expected = set().union(*config.hook.pytest_pinproof_expected_lanes(config=config))
        for pair in collected(config).missing:
            report = _missing_report(Pair(**pair), required=pair["lane"] in expected)
            config.hook.pytest_runtest_logreport(report=report)
    return finished


def _missing_report(pair: Pair, *, required: bool) -> pytest.TestReport:
    reason = (
        f"{pair.promise} is in the list of promises for the lane {pair.lane}, but no test for it "
        "was collected. Bring the test back, or run 'pytest --write-promises' and have the "
        "removal reviewed."
    )
    path = pair.test.partition("::")[0]
    case = Case(Verdict.NOT_RUN, pair.promise, pair.lane, pair.nodeid, reason=reason)
    return pytest.TestReport(
        nodeid=pair.nodeid,
        location=(path, None, pair.test),
        keywords={},
        outcome="failed" if required else "skipped",
        longrepr=reason if required else (path, 0, reason),
        when="setup",
        pinproof=case.as_json(),
    )
