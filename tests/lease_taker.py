"""Takes and returns leases of stand-in chips until told; says what happens, as JSON."""

import fcntl
import json
import os
import random
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fixtures.board import Board
from fixtures.chips import Leases

LONGEST_HOLD = 0.03


def say(**what: Any) -> None:
    sys.stdout.write(json.dumps({"at": time.monotonic(), **what}) + "\n")
    sys.stdout.flush()


@contextmanager
def witness(devices: Path, chips: tuple[int, ...]) -> Iterator[None]:
    """Whether we are alone on these chips, seen without leases."""
    descriptors = []
    for chip in chips:
        descriptor = os.open(devices / f"witness{chip}", os.O_CREAT | os.O_RDWR, 0o666)
        descriptors.append(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(collision=chip)
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def main() -> None:
    devices, wanted, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)  # noqa: S311 - no secret
    leases = Leases(Board({}, devices), lambda words: say(waiting=words))
    say(ready=os.getpid())
    over = False
    while not over:
        over = bool(select.select([sys.stdin], [], [], 0)[0])
        lease = leases.take(wanted)
        with witness(devices, lease.chips):
            say(chips=lease.chips)
            threading.Event().wait(chance.uniform(0, LONGEST_HOLD))
        lease.release()
        threading.Event().wait(chance.uniform(0, LONGEST_HOLD))
    say(end=True)


if __name__ == "__main__":
    main()
