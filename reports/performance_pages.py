"""Says what two pins cost: for the terminal, and as Markdown."""

import statistics
from collections.abc import Iterator

from reports.comment import prose
from reports.performance import Comparison, Performance

TITLE = "performance"
_MILLISECONDS_BELOW = 0.1
_DIGITS_BELOW = 100
_HEAD = "| performance | with OLD | with NEW | times as costly | |\n|---|---|---|---|---|\n"


def lines(measured: Performance) -> Iterator[str]:
    """For a terminal."""
    yield f"{TITLE} ({summary(measured)})" if measured.comparisons else TITLE
    rows = [_row(each) for each in measured.comparisons]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (word.ljust(width) for word, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()
    yield from (f"  {words}" for words in notes(measured))


def table(measured: Performance) -> str:
    """As Markdown."""
    rows = [f"| {' | '.join(map(prose, _row(each)))} |\n" for each in measured.comparisons]
    said = "".join(f"- {prose(words)}\n" for words in notes(measured))
    said_first = f": {prose(summary(measured))}" if rows else ""
    head = f"\n{_HEAD}{''.join(rows)}" if rows else ""
    return f"{TITLE.capitalize()}{said_first}\n{head}\n{said}\n"


def summary(measured: Performance) -> str:
    plural = "" if measured.pairs == 1 else "s"
    return (
        f"{measured.pairs} pair{plural} in turns; more costly is what surely needs more than "
        f"{measured.budget:g} times as much"
    )


def notes(measured: Performance) -> Iterator[str]:
    if measured.trouble:
        yield f"not measured{' to the end' if measured.comparisons else ''}: {measured.trouble}"
    elif measured.unmeasured:
        yield f"not measured with both pins: {', '.join(measured.unmeasured)}"
    if measured.samples:
        yield f"samples: {measured.samples}"


def values(compared: Comparison) -> tuple[str, str]:
    unit = compared.figure.unit
    return _value(statistics.median(compared.old), unit), _value(
        statistics.median(compared.new), unit
    )


def spread(compared: Comparison) -> str:
    """Such as `1.31 (1.22 to 1.40)`: the median of the ratios, and where it may be."""
    if compared.ratio is None:
        return ""
    if compared.interval is None:
        return f"{compared.ratio:.2f}"
    low, high = compared.interval
    return f"{compared.ratio:.2f} ({low:.2f} to {high:.2f})"


def grown(measured: Performance) -> str:
    """Such as `weight swap 1.60 times`."""
    return ", ".join(map(_grown, measured.costlier))


def _grown(compared: Comparison) -> str:
    if compared.interval is None:
        return f"{compared.figure.name} {' -> '.join(values(compared))}"
    return f"{compared.figure.name} {compared.ratio:.2f} times"


def _row(compared: Comparison) -> tuple[str, ...]:
    return (compared.figure.name, *values(compared), spread(compared), compared.reading)


def _value(value: float, unit: str) -> str:
    if unit == "s" and value < _MILLISECONDS_BELOW:
        return f"{1000 * value:.1f} ms"
    digits = 0 if value >= _DIGITS_BELOW or not unit else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
