"""Turns what became of each test into a verdict, and puts it on the report."""

import re
from collections.abc import Generator
from typing import Any, cast

import pytest
from _pytest._code.code import (
    ExceptionChainRepr,
    ExceptionRepr,
    ReprEntryNative,
    ReprFileLocation,
    ReprTraceback,
)

from reports.failure import Case, brief
from reports.judgement import ask_the_ledger, open_the_ledger
from reports.model import CONDITION, FIGURES, Finding, Promise, Verdict
from reports.promises import lane_on_record, promise_of
from reports.record import pin_facts, run_of

LONGEST_REASON = 300
TIMED_OUT = re.compile(r"^Timeout \(.*\) from pytest-timeout")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if any(map(promise_of, items)):
        open_the_ledger(config, items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    promise = promise_of(item)
    if promise is None:
        return report
    error = call.excinfo.value if call.excinfo else None
    verdict = _verdict(error, report.when)
    if verdict is None:
        return report
    case = _case(item, promise, verdict)
    if isinstance(error, Finding):
        case.evidence = error.evidence.as_json()
        case.reason = error.evidence.observed
    elif isinstance(error, pytest.skip.Exception):
        case.reason = str(error)
    elif call.excinfo:
        case.reason = _words(call.excinfo.value)
    ask_the_ledger(item, case)
    _settle(item, report, case)
    return report


def _words(error: BaseException) -> str:
    """Without its notes, which are tracebacks of cells."""
    name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return " ".join(f"{name}{error}".split()).removesuffix(":")[:LONGEST_REASON]


def _verdict(error: BaseException | None, when: str | None) -> Verdict | None:
    match error:
        case None:
            return Verdict.PASS if when == "call" else None
        case Finding():
            return error.verdict
        case pytest.skip.Exception():
            return Verdict.NOT_RUN
        case pytest.fail.Exception() if TIMED_OUT.match(str(error)):
            return Verdict.HANG
        case _:
            return Verdict.FAIL if when == "call" else Verdict.BLOCKED


def _settle(item: pytest.Item, report: pytest.TestReport, case: Case) -> None:
    if case.verdict is Verdict.KNOWN:
        report.outcome = "skipped"
        report.wasxfail = case.reason
    elif case.verdict not in {Verdict.PASS, Verdict.NOT_RUN}:
        # A test can't excuse itself, with pytest.xfail say: only the ledger does.
        report.outcome = "failed"
        report.__dict__.pop("wasxfail", None)
        case.evidence_file = _evidence_file(item, case)
        report.longrepr = _explained(report.longrepr, case, item)
    report.pinproof = case.as_json()  # type: ignore[attr-defined]  # reports take attributes


def _case(item: pytest.Item, promise: Promise, verdict: Verdict) -> Case:
    case = Case(verdict, promise.id, lane_on_record(item), item.nodeid)
    case.level, case.sentence = promise.level, promise.sentence
    case.options = " ".join(item.config.hook.pytest_pinproof_options(config=item.config))
    properties = dict(item.user_properties)
    case.condition = str(properties.get(CONDITION, ""))
    case.figures = cast("dict[str, float]", properties.get(FIGURES, {}))
    if pin := pin_facts(item.config):
        case.pin, case.pin_spec = pin["label"], pin["spec"]
    return case


def _evidence_file(item: pytest.Item, case: Case) -> str:
    directory = run_of(item.config).directory
    if directory is None:
        return ""
    variant = re.sub(r"[^\w.-]+", "-", item.name.partition("[")[2]).strip("-") or case.lane
    return str(directory / "evidence" / f"{case.promise}-{variant}.txt")


def _explained(text: Any, case: Case, item: pytest.Item) -> ExceptionRepr:
    """A finding's words replace pytest's; anything else keeps its traceback, with ours below."""
    if case.evidence is None and isinstance(text, ExceptionRepr):
        text.addsection(case.title, brief(case), "-")
        return text
    own = [] if case.evidence is not None or text is None else [f"{text}\n\n"]
    path, line, _ = item.location
    head = ReprFileLocation(path, (line or 0) + 1, f"{case.promise}: {case.reason}")
    entry = ReprTraceback([ReprEntryNative([*own, f"{case.title}\n{brief(case)}"])], None, "native")
    return ExceptionChainRepr([(entry, head, None)])
