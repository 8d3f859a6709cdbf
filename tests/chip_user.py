"""What a test in a miniature suite does with chips."""

import json
import threading
import time
from pathlib import Path
from typing import Any


def use(cell: Any, place: Path, name: str, company: int = 1) -> None:
    """Have the chips until so many tests have theirs; note from when to when."""
    began = time.monotonic()
    found = cell.run("pinproof_cell.census:devices")["count"]
    (place / f"{name}.here").touch()
    while len(list(place.glob("*.here"))) < company:
        assert time.monotonic() < began + 120, "the others did not get chips at the same time"
        threading.Event().wait(0.05)
    threading.Event().wait(0.3)
    note = {"name": name, "chips": found, "began": began, "ended": time.monotonic()}
    (place / f"{name}.json").write_text(json.dumps(note))
