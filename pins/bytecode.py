"""Compiles what is installed, but for what another environment here has compiled already.

For most pins this is most of the work: of 20,000 files only the engine's own differ between
neighbouring commits. uv installs the same file of its cache everywhere, as a hard link, so that
one file is known by its number to be another's twin; its bytecode is then a twin, too.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

_ENOUGH = 3
"""So many others are asked: a bisection leaves many, and its last ones lack little."""

_SITES = "lib/python*/site-packages"
_CACHE = "__pycache__"
_SUFFIX = f".{sys.implementation.cache_tag}.pyc"
"""A pin's Python is the one that runs us."""


def compile_installed(venv: Path, others: Iterable[Path], held: int) -> None:
    """`held` is the lock's descriptor: if we are killed, the compiler keeps it until it ends."""
    for site in venv.glob(_SITES):
        lacking = set(_uncompiled(site))
        for other in islice(others, _ENOUGH):
            twins = other / site.relative_to(venv)
            if twins.is_dir() and twins.stat().st_dev == site.stat().st_dev:
                _borrow(site, twins, lacking)
                lacking = set(_uncompiled(site))
        if lacking:
            _compile(venv / "bin" / "python", sorted(lacking), held)


def _compile(python: Path, places: list[Path], held: int) -> None:
    """Some packages bring files for other Pythons, which don't compile; nobody imports them."""
    with subprocess.Popen(
        [python, "-IS", "-m", "compileall", "-qq", "-j", "0", "-i", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(held,),
        process_group=0,
    ) as compiler:
        try:
            compiler.communicate("".join(f"{place}\n" for place in places).encode())
        except BaseException:
            # Its own workers would wait for it for ever.
            os.killpg(compiler.pid, signal.SIGKILL)
            raise


def _borrow(here: Path, there: Path, only: Container[Path] | None = None) -> None:
    try:
        theirs = {entry.name: entry.inode() for entry in os.scandir(there)}
    except OSError:
        return
    cache = here / _CACHE
    for entry in os.scandir(here):
        if only is not None and here / entry.name not in only:
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name != _CACHE:
                _borrow(here / entry.name, there / entry.name)
        elif entry.name.endswith(".py") and theirs.get(entry.name) == entry.inode():
            compiled = f"{_CACHE}/{entry.name.removesuffix('.py')}{_SUFFIX}"
            cache.mkdir(exist_ok=True)
            with suppress(OSError):
                os.link(f"{there}/{compiled}", f"{here}/{compiled}")


def _uncompiled(site: Path) -> Iterator[Path]:
    """The packages and modules at the top that have sources without bytecode."""
    for place, folders, files in os.walk(site):
        there: set[str] = set()
        if _CACHE in folders:
            folders.remove(_CACHE)
            there = {entry.name for entry in os.scandir(f"{place}/{_CACHE}")}
        sources = (name for name in files if name.endswith(".py"))
        lacking = [name for name in sources if f"{name.removesuffix('.py')}{_SUFFIX}" not in there]
        if lacking:
            within = Path(place).relative_to(site).parts[:1]
            yield from (site / name for name in within or lacking)
