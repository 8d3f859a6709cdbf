"""`pinproof fit`: on which chips a model starts, and with room for how many tokens."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.pytests import ROOT
from fixtures.cells import RemoteError
from fixtures.fitting import FIT, Case
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.model_config import UnknownModel, config_for
from fixtures.nursery import CellPin, Nursery
from fixtures.topology import FOR_ENGINES, TARGETS
from fixtures.tpus import GIB
from pins.environment import Pin, obtain
from pins.spec import PinError
from reports.model import Finding, LaneName

STARTS, REFUSED, USAGE_ERROR = 0, 1, 2
_TP_SIZES = (1, 2, 4)
_SECONDS = 120.0

type Row = tuple[Case, Mapping[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="the path of a config.json, or a name like Qwen/Qwen3-4B")
    parser.add_argument("--pin", default="", help="the pin to ask (default: the locked one)")
    parser.add_argument(
        "--generation",
        action="append",
        choices=FOR_ENGINES,
        help="only for these chips; may be repeated (default: all of them)",
    )
    parser.add_argument(
        "--tp-size",
        action="append",
        type=int,
        choices=_TP_SIZES,
        help="only for so many chips; may be repeated (default: all of them)",
    )
    parser.add_argument("--page-size", type=_positive, default=128, help="(default: %(default)s)")
    parser.add_argument(
        "--context-length", type=_positive, default=4096, help="(default: %(default)s)"
    )
    parser.add_argument(
        "--mem-fraction-static",
        type=_fraction,
        default=0.88,
        help="the share of each chip's memory for weights, keys and values (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.epilog = (
        "The pin's own worker answers, for chips that are not here; no weights are needed. "
        "Exit status 0 says that the model starts somewhere among what was asked for, 1 nowhere."
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no positive number")
    return int(text)


def _fraction(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def execute(args: argparse.Namespace) -> int:
    if args.pytest:
        _say(f"unknown: {' '.join(args.pytest)}")
        return USAGE_ERROR
    try:
        cases = list(_cases(args, config_for(args.model)))
        pin = obtain(args.pin, ROOT, _say)
    except (UnknownModel, PinError) as error:
        _say(str(error))
        return USAGE_ERROR
    try:
        rows = list(_ask(pin, cases))
    except (Finding, RemoteError) as error:
        _say(f"the pin gave no answer: {str(error).splitlines()[0]}")
        return USAGE_ERROR
    print(_as_json(rows) if args.json else "\n".join(_lines(args, pin.label, rows)))
    return STARTS if any(answer["tokens"] for _, answer in rows) else REFUSED


def _cases(args: argparse.Namespace, config: Mapping[str, Any]) -> Iterator[Case]:
    for name in args.generation or FOR_ENGINES:
        for tp_size in sorted(set(args.tp_size or _TP_SIZES)):
            yield Case(
                args.model,
                config,
                TARGETS[name],
                tp_size,
                args.page_size,
                args.context_length,
                args.mem_fraction_static,
            )


def _ask(pin: Pin, cases: list[Case]) -> Iterator[Row]:
    lane = describe(LaneName.AOT, Path("/dev"), os.environ)
    host = Host()
    try:
        cell = Nursery(lambda: host, CellPin(pin.python, pin.cache)).make(lane)
        for case in cases:
            yield case, cell.run(FIT, deadline=_SECONDS, **case.as_json())
        cell.close()
    finally:
        host.close()


def _as_json(rows: list[Row]) -> str:
    return json.dumps(
        [
            {
                "generation": case.target.generation.name,
                "tp_size": case.tp_size,
                "weights_bytes": answer["weights"],
                "pool_bytes": answer["pool"],
                "tokens": answer["tokens"],
                "refusal": answer["refusal"],
            }
            for case, answer in rows
        ],
        indent=2,
    )


def _lines(args: argparse.Namespace, label: str, rows: list[Row]) -> Iterator[str]:
    yield (
        f"{args.model} with sglang-jax {label}, page_size={args.page_size}, "
        f"context_length={args.context_length}, mem_fraction_static={args.mem_fraction_static}"
    )
    yield f"{'chips':<12}{'memory':>10}{'weights':>10}{'tokens':>12}"
    refusals: list[str] = []
    for case, answer in rows:
        chips = f"{case.target.generation.name}, tp={case.tp_size}"
        memory = f"{case.target.usable / GIB:.2f} GiB"
        if refusal := answer["refusal"]:
            if refusal not in refusals:
                refusals.append(refusal)
            yield f"{chips:<12}{memory:>10}{'':>10}{f'no [{refusals.index(refusal) + 1}]':>12}"
        else:
            weights = f"{answer['weights'] / GIB:.2f} GiB"
            yield f"{chips:<12}{memory:>10}{weights:>10}{answer['tokens']:>12,}"
    for number, refusal in enumerate(refusals, start=1):
        yield f"[{number}] {refusal.partition('\n')[0]}"
    yield "Memory and weights are those of each chip. Whether the pin's programs compile for these"
    yield "chips is another question: ./pinproof run -m aot"


def _say(words: str) -> None:
    print(f"pinproof fit: {words}", file=sys.stderr, flush=True)
