"""The summary of records: on the terminal, and as Markdown that fits into a comment."""

from collections.abc import Iterator

from reports.answer import cut
from reports.comment import MARKDOWN_BYTES, ROOM_FOR_COUNT, fenced, fitting, prose, size
from reports.merging import Overview
from reports.model import Verdict
from reports.standing import Standing
from reports.summary import Finding, counts, findings, headline, notes, seen

_TABLE = "| verdict | promise | level | lane | pin | seen |\n|---|---|---|---|---|---|\n"
_LONGEST_HEAD = 4_000
_NAMED = 8


def terminal(overview: Overview) -> str:
    lines = [headline(overview)]
    for finding in findings(overview):
        lines += ["", f"{finding.what}: {finding.said}", *(f"  {line}" for line in _told(finding))]
    return "\n".join([*lines, "", _counted(overview), *notes(overview)])


def markdown(overview: Overview) -> str:
    head = f"### {prose(headline(overview))[:_LONGEST_HEAD]}\n\n"
    extra = [_counted(overview), *notes(overview)]
    told = [each for each in overview.standings if _is_told(each)]
    parts = (
        (map(_bullet, findings(overview)), "areas", 4),
        (map(_table_row, told), "rows", 2),
        (map(_block, told), "explanations", 2),
        ((f"- {prose(cut(line))}\n" for line in extra), "notes", 1),
    )
    text = head
    for blocks, what, share in parts:
        room = (MARKDOWN_BYTES - size(text)) // share - ROOM_FOR_COUNT - size(_TABLE)
        body = fitting(blocks, room, what)
        table = _TABLE if what == "rows" and body else ""
        text += f"{table}{body}\n" if body else ""
    return text


def _is_told(standing: Standing) -> bool:
    return standing.needs_attention or standing.verdict is Verdict.KNOWN


def _told(finding: Finding) -> Iterator[str]:
    yield f"what:       {_named(finding)} in lane {finding.lanes}, with {finding.pin}"
    yield f"for whom:   {finding.whom}"
    yield f"what to do: {finding.to_do}"
    if not finding.is_known:
        yield from (f"            {each.telling.case.reproduce}" for each in finding.standings)


def _named(finding: Finding) -> str:
    more = len(finding.standings) - _NAMED
    listed = ", ".join(each.promise for each in finding.standings[:_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def _counted(overview: Overview) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts(overview.standings).items())


def _bullet(finding: Finding) -> str:
    place = f"{_named(finding)} in lane {finding.lanes}, with {finding.pin}"
    return (
        f"- **{prose(finding.what)}: {prose(finding.said)}** ({prose(place)}). "
        f"For {prose(finding.whom)}. {prose(finding.to_do)}\n"
    )


def _table_row(standing: Standing) -> str:
    cells = (
        *(standing.verdict, standing.promise, standing.level),
        *(standing.lane, standing.pin, seen(standing)),
    )
    return f"| {' | '.join(map(prose, cells))} |\n"


def _block(standing: Standing) -> str:
    case = standing.telling.case
    lines = [
        f"{name + ':':<10} {value}"
        for name, value in (
            ("promise", standing.sentence),
            ("observed", cut(case.observed)),
            ("required", cut(case.required)),
            ("ledger", cut(case.ledger.get("link") or case.ledger.get("elsewhere", ""))),
            ("evidence", case.evidence_file),
            ("again", case.reproduce),
        )
        if value
    ]
    title = f"{standing.level}, lane {prose(standing.lane)}, {prose(standing.pin)}"
    return f"**{prose(standing.promise)}** ({title}): {standing.verdict}\n\n{fenced(lines)}"
