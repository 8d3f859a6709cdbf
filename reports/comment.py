"""Markdown that fits into a comment, whatever engines have said."""

import re
from collections.abc import Iterable
from html import escape

MARKDOWN_BYTES = 64_000
"""GitHub refuses comments of 65,536 characters; some of ours take more than one byte."""

ROOM_FOR_COUNT = 100
"""What `fitting` may need beyond its room, to say how much was left out."""

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def fitting(blocks: Iterable[str], room: int, what: str) -> str:
    """As many as there is room for, the first ones first, and how many were left out."""
    taken: list[str] = []
    left_out = 0
    for block in blocks:
        room -= size(block)
        if room < 0 or left_out:
            left_out += 1
        else:
            taken.append(block)
    cut_here = f"\n{left_out} more {what} are left out here.\n\n" if left_out else ""
    return "".join(taken) + cut_here


def prose(words: str) -> str:
    return escape(" ".join(printable(words).split()), quote=False).replace("|", "\\|")


def fenced(lines: Iterable[str]) -> str:
    text = printable("\n".join(lines)).replace("```", "'''")
    return f"```text\n{text}\n```\n\n"


def size(text: str) -> int:
    return len(text.encode())


def printable(text: str) -> str:
    """Without a terminal's colours, and without what no file in UTF-8 or page can hold."""
    plain = _COLOURS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", plain)
