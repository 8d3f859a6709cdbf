"""Shows the gate's answer: on the terminal, and as Markdown that fits into a comment."""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from reports.answer import TOLD, Answer, cut, details, moved, sequence
from reports.comparison import Outcome, Row

MARKDOWN_BYTES = 64_000
"""GitHub refuses comments of 65,536 characters; some of ours take more than one byte."""

_TABLE = "| what | promise | level | lane | with OLD | with NEW |\n|---|---|---|---|---|---|\n"
_ROOM_FOR_COUNTS = 100


def terminal(answer: Answer) -> str:
    lines = [answer.headline, *filter(None, [answer.accepted])]
    for outcome, rows in groupby(answer.changes, key=lambda row: row.outcome):
        listed = list(rows)
        lines += ["", f"{outcome} ({len(listed)})"]
        for row in listed:
            lines.append(f"  {row.promise:<9} {row.level:<7} {row.lane:<7} {_verdicts(row)}")
            lines += [f"      {line}" for line in _shown(row)]
    return "\n".join([*lines, "", *_footer(answer)])


def markdown(answer: Answer) -> str:
    head = f"### {_prose(answer.headline)}\n\n"
    if answer.accepted:
        head += f"{_prose(answer.accepted)}\n\n"
    tail = "\n".join(["", *(f"- {_prose(line)}" for line in _footer(answer))]) + "\n"
    room = MARKDOWN_BYTES - _size(head) - _size(tail) - 2 * _ROOM_FOR_COUNTS
    table = ""
    if answer.changes:
        rows = _fitting([_table_row(row) for row in answer.changes], room // 2, "differences")
        table = f"{_TABLE}{rows}\n"
    told = [row for row in answer.rows if row.outcome in TOLD]
    blocks = _fitting([_block(row) for row in told], room - _size(table), "explanations")
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
    return f"| {' | '.join(map(_prose, cells))} |\n"


def _block(row: Row) -> str:
    lines = "\n".join(details(row)).replace("```", "'''")
    title = f"**{_prose(row.promise)}** ({row.level}, lane {_prose(row.lane)}): {row.outcome}"
    return f"{title}\n\n```text\n{lines}\n```\n\n"


def _fitting(blocks: Iterable[str], room: int, what: str) -> str:
    """As many as there is room for, the first ones first, and how many were left out."""
    taken: list[str] = []
    left_out = 0
    for block in blocks:
        room -= _size(block)
        if room < 0 or left_out:
            left_out += 1
        else:
            taken.append(block)
    cut_here = f"\n{left_out} more {what} are left out here.\n\n" if left_out else ""
    return "".join(taken) + cut_here


def _prose(words: str) -> str:
    return escape(" ".join(words.split()), quote=False).replace("|", "\\|")


def _size(text: str) -> int:
    return len(text.encode())
