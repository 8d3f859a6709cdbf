"""An index of all records in a directory, so that asking ten thousand of them takes no time.

It holds nothing that the records don't: whoever removes it, or finds it broken, loses nothing.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path

from reports.history import Seen, seen_in
from reports.stored import RUN_LOG_FILE

INDEX_FILE = "index.sqlite3"
VERSION = 1
_SECONDS_TO_WAIT = 60
_COLUMNS = ", ".join(each.name for each in fields(Seen))
_PLACES = ", ".join("?" for _ in fields(Seen))
_SCHEMA = (
    "CREATE TABLE logs (run TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID",
    f"CREATE TABLE seen ({_COLUMNS})",
    "CREATE INDEX by_promise ON seen (promise, began)",
    "CREATE INDEX by_run ON seen (run)",
    f"PRAGMA user_version = {VERSION}",
)


def latest(runs: Path, promise: str, lane: str, number: int) -> list[Seen]:
    """What the newest runs made of the promise, the newest first; in any lane if that is empty."""
    wish = (runs, promise, lane, number)
    file = runs / INDEX_FILE
    with suppress(sqlite3.OperationalError):  # Nobody can write there, say, or the disk is full.
        try:
            return _asked(file, *wish)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            file.unlink()  # It is broken.
            return _asked(file, *wish)
    return _asked(Path(":memory:"), *wish)


def _asked(file: Path, runs: Path, promise: str, lane: str, number: int) -> list[Seen]:
    with _index(file) as index:
        _update(index, runs)
        found = index.execute(
            f"SELECT {_COLUMNS} FROM seen WHERE promise = ? AND ? IN ('', lane) "  # noqa: S608 - names of ours
            "ORDER BY began DESC, run DESC, lane LIMIT ?",
            (promise, lane, number),
        )
        return [Seen(*row) for row in found]


@contextmanager
def _index(file: Path) -> Iterator[sqlite3.Connection]:
    """Only one process at a time: another one's update is waited for."""
    with closing(sqlite3.connect(file, timeout=_SECONDS_TO_WAIT, isolation_level=None)) as index:
        index.execute("BEGIN IMMEDIATE")
        (version,) = index.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            _empty(index)
        yield index
        index.execute("COMMIT")


def _empty(index: sqlite3.Connection) -> None:
    for table in ("logs", "seen"):
        index.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _SCHEMA:
        index.execute(statement)


def _update(index: sqlite3.Connection, runs: Path) -> None:
    """Reads only the records that are new, have grown, or were replaced."""
    known = dict(index.execute("SELECT run, state FROM logs"))
    there = dict(_logs(runs))
    for run in known.keys() - there.keys():
        _forget(index, run)
    for run, state in there.items():
        if known.get(run) != state:
            _forget(index, run)
            _learn(index, runs / run / RUN_LOG_FILE, state)


def _logs(runs: Path) -> Iterator[tuple[str, str]]:
    with os.scandir(runs) as found:
        for each in found:
            try:
                log = os.stat(os.path.join(each.path, RUN_LOG_FILE))  # noqa: PTH116, PTH118 - 10,000 times
            except OSError:
                continue
            yield each.name, f"{log.st_size} {log.st_mtime_ns} {log.st_ino}"


def _forget(index: sqlite3.Connection, run: str) -> None:
    index.execute("DELETE FROM logs WHERE run = ?", (run,))
    index.execute("DELETE FROM seen WHERE run = ?", (run,))


def _learn(index: sqlite3.Connection, log: Path, state: str) -> None:
    try:
        rows = [astuple(each) for each in seen_in(log)]
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        rows = []  # Whatever has that name there, it is no record.
    index.execute("INSERT INTO logs VALUES (?, ?)", (log.parent.name, state))
    index.executemany(f"INSERT INTO seen ({_COLUMNS}) VALUES ({_PLACES})", rows)  # noqa: S608 - likewise
