"""Shows the gate's answer: on the terminal, and as Markdown that fits into a comment."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from reports.answer import TOLD, Answer, cut, details, moved, sequence
from reports.comment import (
    MARKDOWN_BYTES,
    ROOM_FOR_COUNT,
    fenced,
    fitting,
    printable,
    prose,
    size,
)
from reports.comparison import Outcome, Row
from reports.performance_pages import lines as performance_lines
from reports.performance_pages import table as performance_table

_TABLE = "| what | promise | level | lane | with OLD | with NEW |\n|---|---|---|---|---|---|\n"


def terminal(answer: Answer) -> str:
    lines = [answer.headline, *answer.notes]
    for outcome, rows in groupby(answer.changes, key=lambda row: row.outcome):
        listed = list(rows)
        lines += ["", f"{outcome} ({len(listed)})"]
        for row in listed:
            lines.append(f"  {row.promise:<9} {row.level:<7} {row.lane:<7} {_verdicts(row)}")
            lines += [f"      {line}" for line in _shown(row)]
    if answer.performance:
        lines += ["", *performance_lines(answer.performance)]
    return printable("\n".join([*lines, "", *_footer(answer)]))


def markdown(answer: Answer) -> str:
    head = f"### {prose(answer.headline)}\n\n"
    head += "".join(f"{prose(words)}\n\n" for words in answer.notes)
    if answer.performance:
        head += performance_table(answer.performance)
    tail = "\n".join(["", *(f"- {prose(line)}" for line in _footer(answer))]) + "\n"
    room = MARKDOWN_BYTES - size(head) - size(tail) - 2 * ROOM_FOR_COUNT
    table = ""
    if answer.changes:
        rows = fitting([_table_row(row) for row in answer.changes], room // 2, "differences")
        table = f"{_TABLE}{rows}\n"
    told = [row for row in answer.rows if row.outcome in TOLD]
    blocks = fitting([_block(row) for row in told], room - size(table), "explanations")
    return f"{head}{table}{blocks}{tail}"


def _verdicts(row: Row) -> str:
    return f"{sequence(row.old)} -> {sequence(row.new)}"


def _shown(row: Row) -> list[str]:
    if row.outcome in TOLD:
        return details(row)
    return [row.new.telling.reproduce] if row.new.telling else []


def _footer(answer: Answer) -> Iterator[str]:
    if answer.counts:
        yield "; ".join(f"{outcome}: {count}" for outcome, count in answer.counts.items())
    if answer.outdated:
        yield answer.outdated
    skipped = (row.new.first for row in answer.rows if row.outcome is Outcome.NOT_TRIED)
    reasons = Counter(case.reason for case in skipped if case)
    for reason, times in sorted(reasons.items()):
        yield f"not tried with either pin ({times}): {cut(reason)}"
    if answer.packages:
        yield f"packages that differ: {moved(answer.packages)}"
    if answer.selection:
        yield f"selected: {answer.selection}"
    for side, directories in answer.records.items():
        first, *again = directories
        repeated = f" (repeated in {', '.join(each.name for each in again)})" if again else ""
        yield f"record of {side.upper()}: {first}{repeated}"


def _table_row(row: Row) -> str:
    cells = (row.outcome, row.promise, row.level, row.lane, sequence(row.old), sequence(row.new))
    return f"| {' | '.join(map(prose, cells))} |\n"


def _block(row: Row) -> str:
    title = f"**{prose(row.promise)}** ({row.level}, lane {prose(row.lane)}): {row.outcome}"
    return f"{title}\n\n{fenced(details(row))}"
