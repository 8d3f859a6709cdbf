"""`pinproof doctor`: what each lane needs and this machine lacks, with the next step."""

import argparse
import json
from typing import Any

from cli.pytests import ROOT
from fixtures.survey import LaneSurvey, survey
from fixtures.tpu_host import Machine, TpuHost, look
from fixtures.tpu_table import facts, table
from pins.pair import pair
from pins.spec import PinError
from reports.model import LaneName

HEALTHY, AILING, USAGE_ERROR = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lane",
        action="append",
        choices=list(LaneName),
        help="look at this lane only; may be repeated (default: all of them)",
    )
    parser.add_argument(
        "--pin", default="", help="the pin to look at (default: the locked one); none is built"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.epilog = (
        "Exit status 0 says that every lane looked at can run, 1 that one of them can't. "
        "Nothing is loaded, taken or changed by looking."
    )


def execute(args: argparse.Namespace) -> int:
    if args.pytest:
        print(f"pinproof doctor: unknown: {' '.join(args.pytest)}")
        return USAGE_ERROR
    try:
        machine = Machine(ROOT / ".pinproof", stack=pair(args.pin, ROOT))
    except PinError as error:
        print(f"pinproof doctor: {error}")
        return USAGE_ERROR
    host = look(machine)
    lanes = [lane for lane in survey(machine, host) if not args.lane or lane.name in args.lane]
    if args.json:
        print(json.dumps([_as_json(lane, machine, host) for lane in lanes], indent=2))
    else:
        print("\n".join(line for lane in lanes for line in _lines(lane, machine, host)))
    return HEALTHY if all(lane.can_run for lane in lanes) else AILING


def _as_json(lane: LaneSurvey, machine: Machine, host: TpuHost) -> dict[str, Any]:
    found = {"tpu": facts(machine, host)} if lane.name is LaneName.TPU else {}
    return {**lane.as_json(), **found}


def _lines(lane: LaneSurvey, machine: Machine, host: TpuHost) -> list[str]:
    state = "can run" if lane.can_run else "can't run"
    rows = table(machine, host) if lane.name is LaneName.TPU else []
    return [
        f"{lane.name:<7} {state:<10} {lane.description}",
        *(f"{'':6}{row}" for row in rows),
        *(f"{'':8}- {each.what}\n{'':10}{each.remedy}" for each in lane.ailments),
    ]
