"""A PCI bus as a TPU VM shows it."""

from pathlib import Path


def plug(pci: Path, device: str, subsystem: str = "0x0000", slot: int = 4) -> None:
    place = pci / f"0000:00:0{slot}.0"
    place.mkdir(parents=True, exist_ok=True)
    for name, value in (("vendor", "0x1AE0"), ("device", device), ("subsystem_device", subsystem)):
        (place / name).write_text(f"{value}\n")
