"""Cells on the suite's own Python: surviving them needs no engine."""

import sys
from pathlib import Path

from fixtures.cells import ProcessCell
from fixtures.host import Host, cell_environment

ROOT = Path(__file__).parents[1]
_MEMORY = 1 << 30


def plain_cell(host: Host, cold: str = "", modules: tuple[str, ...] = ()) -> ProcessCell:
    """Can also run what lies in the checkout, `tests.misbehaviour` for example."""
    environment = cell_environment({"PYTHONPATH": str(ROOT)}, None)

    def start(calls: int) -> dict[str, object]:
        return host.start(
            python=Path(sys.executable),
            environment=environment,
            modules=modules,
            calls=calls,
            memory=_MEMORY,
            cold=cold,
        )

    return ProcessCell(host, start)
