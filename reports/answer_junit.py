"""The gate's answer as JUnit's XML, which most CI systems can show: one case for each promise."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reports.answer import Answer, details
from reports.comment import printable
from reports.comparison import WORSE, Outcome, Row, Status
from reports.performance_pages import grown, lines

GOOD = frozenset({Outcome.KEPT, Outcome.REPAIRED, Outcome.NEWLY_TRIED, Outcome.COSTLIER})
"""With NEW such a promise is kept. Where it is not, and blocks nothing, its case is skipped."""

FAILURE, ERROR, SKIPPED = "failure", "error", "skipped"
_COUNTED = {"failures": FAILURE, "errors": ERROR, "skipped": SKIPPED}


def junit(answer: Answer) -> str:
    cases = [*_costs(answer), *(_case(answer, row) for row in answer.rows)]
    unjudged = answer.status is Status.COULD_NOT_JUDGE
    if unjudged and not any(case.find(ERROR) is not None for case in cases):
        cases.insert(0, _gate(answer))
    counts = {
        name: str(sum(case.find(tag) is not None for case in cases))
        for name, tag in _COUNTED.items()
    }
    counts = {"name": "pinproof gate", "tests": str(len(cases)), **counts}
    suite = Element("testsuite", counts)
    properties = SubElement(suite, "properties")
    facts = {
        "answer": answer.headline,
        "cause": answer.cause,
        "accepted": answer.accepted,
        "selected": answer.selection,
    }
    for name, value in facts.items():
        SubElement(properties, "property", name=name, value=printable(value))
    suite.extend(cases)
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _gate(answer: Answer) -> Element:
    """Where no promise says why nothing is judged, silence would look green."""
    case = Element("testcase", classname="gate", name="the gate has an answer")
    SubElement(case, ERROR, message=printable(answer.headline))
    return case


def _costs(answer: Answer) -> Iterator[Element]:
    if (measured := answer.performance) is None:
        return
    case = Element("testcase", classname="gate", name="what both pins cost")
    if measured.costlier and answer.status is not Status.MAY_MOVE:
        SubElement(case, FAILURE, message=printable(f"{answer.new} costs more ({grown(measured)})"))
    elif measured.trouble or measured.unmeasured:
        SubElement(case, SKIPPED, message="not measured, or not to the end")
    SubElement(case, "system-out").text = printable("\n".join(lines(measured)))
    yield case


def _case(answer: Answer, row: Row) -> Element:
    case = Element(
        "testcase",
        classname=printable(row.nodeid.partition("::")[0].removesuffix(".py").replace("/", ".")),
        name=printable(f"{row.promise}[{row.lane}]"),
    )
    if tag := _tag(answer, row):
        told = SubElement(case, tag, message=printable(f"{row.level} {row.outcome}"))
        told.text = printable("\n".join(details(row)))
    if reproduce := "\n".join(_reproduce(row)):
        SubElement(case, "system-out").text = printable(reproduce)
    return case


def _tag(answer: Answer, row: Row) -> str:
    if row.outcome is Outcome.COULD_NOT_JUDGE:
        return ERROR
    if row.outcome in WORSE and answer.status is not Status.MAY_MOVE:
        return FAILURE
    return "" if row.outcome in GOOD else SKIPPED


def _reproduce(row: Row) -> Iterator[str]:
    for side, seen in (("OLD", row.old), ("NEW", row.new)):
        if seen.telling:
            yield f"{side}: {seen.telling.reproduce}"
