"""The end of a log is kept, and before it what the suite has said itself."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fixtures.supervisor.logs import LogTail
from pinproof_cell.faults import reached_line

if TYPE_CHECKING:
    from fixtures.supervisor.pump import Pump


class Reading:
    """A pump without signals and children, which belong to pytest here."""

    def watch(self, _: Any, callback: Callable[[], None]) -> None:
        self.read = callback

    def forget(self, _: Any) -> None: ...

    def until(self, condition: Callable[[], bool], _: float) -> None:
        while not condition():
            self.read()


def test_long_tracebacks_do_not_hide_that_a_fault_was_reached() -> None:
    log = LogTail(cast("Pump", Reading()))
    written = [reached_line("lies"), *(f"frame {number}" for number in range(500))]
    os.write(log.write, "\n".join(written).encode())
    log.close_write_end()
    log.drain(60)
    assert log.lines() == [written[0], *written[-100:]]
