"""The gate's answer, where the page is about moving a pin."""

from reports.answer import Answer, details, moved, sequence
from reports.comparison import Row, Status
from reports.page.markup import Html, element, join
from reports.page.parts import listed, section

STATES = {
    Status.MAY_MOVE: "good",
    Status.MUST_NOT_MOVE: "bad",
    Status.SHOULD_NOT_MOVE: "bad",
    Status.COULD_NOT_JUDGE: "unsure",
}


def answered(answer: Answer) -> Html:
    """What stands at the top of the page."""
    return join(
        element("h1", answer.headline),
        listed(f"{number} {outcome}" for outcome, number in answer.counts.items()),
        *(element("p", words) for words in (*answer.notes, answer.outdated) if words),
    )


def changes(answer: Answer) -> Html:
    """What is not the same with both pins."""
    packages = f"Packages that differ: {moved(answer.packages)}." if answer.packages else ""
    selected = f"Selected: {answer.selection}." if answer.selection else ""
    said = [element("p", words) for words in (packages, selected) if words]
    rows = [_change(row) for row in answer.changes]
    if not (said or rows):
        return join()
    title = f"What moves from {answer.old} to {answer.new}"
    return section("changes", title, *said, *rows)


def _change(row: Row) -> Html:
    verdicts = f"{row.level}, lane {row.lane}: {sequence(row.old)} to {sequence(row.new)}"
    summary = element(
        "summary",
        element("strong", f"{row.promise} {row.outcome}"),
        " ",
        element("span", verdicts, class_="quiet"),
    )
    name = f"{row.promise}, with both pins"
    code = element("code", "\n".join(details(row)))
    pre = element(
        "pre", code, class_="command", tabindex="0", role="group", aria_label=name
    )  # fmt: skip
    return element("details", summary, pre, class_="case")
