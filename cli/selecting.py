"""Which promises the gate is about, listed before anything is built or tried."""

import argparse
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cli.evidence import Unjudged, errors
from cli.pytests import PROMISES, command
from pins.failures import last_lines
from reports.model import LaneName, Tier

_NOTHING_COLLECTED = 5
_NODE_ID = re.compile(r"^\S+\.py::\S+\[(?P<lane>[^]]+)\]$", re.MULTILINE)
_NOTE = re.compile(r"^-k .* matches no promise.*$", re.MULTILINE)


def add_ledgers(parser: argparse.ArgumentParser, what_for: str) -> None:
    parser.add_argument(
        "--ledger",
        dest="ledgers",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help=what_for,
    )


@dataclass(frozen=True)
class Selection:
    lanes: tuple[LaneName, ...] = ()
    keyword: str = ""
    tier: Tier = Tier.USUAL
    workers: str = ""
    ledgers: tuple[Path, ...] = ()
    quick: bool = False

    def __post_init__(self) -> None:
        if self.quick and (self.keyword or self.tier is not Tier.USUAL):
            other = "-k" if self.keyword else f"--tier {self.tier}"
            raise Unjudged(f"--quick chooses by itself what is tried: leave it out, or {other}.")

    @property
    def options(self) -> list[str]:
        """What selects."""
        lanes = ["-m", " or ".join(self.lanes)] if self.lanes else []
        keyword = ["-k", self.keyword] if self.keyword else []
        return [*lanes, *keyword, *(["--smoke"] if self.quick else [])]

    @property
    def manner(self) -> list[str]:
        """What has to be said of promises that are named by their node ids, too."""
        return [*self._under, *(["-n", self.workers] if self.workers else [])]

    @property
    def looking(self) -> list[str]:
        """What only lists."""
        return ["--collect-only", "-q", "-n", "0", "--color=no", *self._under, *self.options]

    @property
    def _under(self) -> list[str]:
        return [f"--tier={self.tier}", *(f"--ledger={folder}" for folder in self.ledgers)]

    def __str__(self) -> str:
        lanes = ", ".join(self.lanes) or "all that this machine has"
        keyword = f", -k {self.keyword!r}" if self.keyword else ""
        tier = "" if self.tier is Tier.USUAL else f", tier {self.tier}"
        ledgers = "".join(f", ledger {folder}" for folder in self.ledgers)
        quick = ", --quick: one promise of each area" if self.quick else ""
        return f"lanes {lanes}{keyword}{tier}{quick}{ledgers}"


def add_arguments(parser: argparse.ArgumentParser, *, keyword_needed: bool = False) -> None:
    parser.add_argument(
        "--lanes",
        metavar="LANES",
        help="only these, such as static,cpu; each must be able to run (default: all that can)",
    )
    parser.add_argument(
        "-k",
        dest="keyword",
        default="",
        required=keyword_needed,
        metavar="EXPRESSION",
        help="as pytest's",
    )
    parser.add_argument("-n", dest="workers", default="", metavar="N", help="as pytest's")
    parser.add_argument(
        "--tier", choices=[*map(str, Tier)], default=str(Tier.USUAL), help="(default: %(default)s)"
    )


def selection(
    args: argparse.Namespace, ledgers: tuple[Path, ...] = (), *, quick: bool = False
) -> Selection:
    chosen = () if args.lanes is None else lanes(args.lanes)
    keyword = args.keyword.strip()
    return Selection(chosen, keyword, Tier(args.tier), args.workers, ledgers, quick)


def refuse_unknown(args: argparse.Namespace, command: str) -> None:
    """Such as options of pytest's that `command` does not take."""
    if args.pytest:
        raise Unjudged(
            f"unknown: {' '.join(args.pytest)}. `pinproof {command} --help` lists what is."
        )


def lanes(text: str) -> tuple[LaneName, ...]:
    """What `--lanes` says."""
    names = [word.strip() for word in text.split(",")]
    if unknown := [name for name in names if name not in list(LaneName)]:
        raise Unjudged(
            f"--lanes: no lane is called {unknown[0]!r}. The lanes are {', '.join(LaneName)}."
        )
    return tuple(lane for lane in LaneName if lane in names)


def select(selection: Selection) -> list[str]:
    """The node ids of all that is to be tried; at least one in each lane that is asked for."""
    listed = subprocess.run(
        command(PROMISES, selection.looking),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == _NOTHING_COLLECTED:
        note = _NOTE.search(listed.stdout)
        raise Unjudged(note[0] if note else f"no promise is selected by {selection}.")
    if listed.returncode:
        because = errors(listed.stderr) or f"\n{last_lines(listed.stdout + listed.stderr)}"
        raise Unjudged(f"the promises can't be listed: {because}")
    found = list(_NODE_ID.finditer(listed.stdout))
    there = {match["lane"] for match in found}
    if empty := [lane for lane in selection.lanes if lane not in there]:
        raise Unjudged(f"in the lane {empty[0]}, which --lanes names, no promise is selected.")
    return [match[0] for match in found]
