"""Run by the pin's Python: prints what is installed there as JSON. Python 3.6, nothing imported."""

import importlib.util
import json
import os
import sys

MARK = "pinproof-inspection "
MODULES = ("sgl_jax", "tunix", "jax", "jaxlib", "libtpu", "flax")


def python() -> "dict[str, str]":
    return {
        "version": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "real": os.path.realpath(sys.executable),
        "prefix": sys.prefix,
    }


def packages() -> "dict[str, dict[str, object]]":
    """Every distribution that an import could find; of two with one name the first wins."""
    import importlib.metadata  # noqa: PLC0415 - old Pythons have none, and shall tell their version

    found = {}
    for each in importlib.metadata.distributions():
        name = (each.metadata["Name"] or "").lower().replace("_", "-").replace(".", "-")
        if name and name not in found:
            direct = each.read_text("direct_url.json")
            found[name] = {
                "version": each.version,
                "location": str(each.locate_file("")),
                "direct_url": json.loads(direct) if direct else None,
            }
    return found


def modules() -> "dict[str, str | None]":
    found = {}
    for name in MODULES:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec is not None:
            places = list(spec.submodule_search_locations or [])
            found[name] = spec.origin or (places[0] if places else None)
    return found


def requirements(name: str) -> "list[str]":
    """What the distribution itself says that it needs, extras included."""
    import importlib.metadata  # noqa: PLC0415 - likewise

    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def forget_this_folder() -> None:
    """It is about pins, and nothing in it may hide a package that is to be looked at."""
    here, _ = os.path.split(os.path.realpath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.realpath(place) != here]


def main() -> None:
    forget_this_folder()
    supported = sys.version_info >= (3, 12)
    inspected = {
        "python": python(),
        "packages": packages() if supported else {},
        "modules": modules() if supported else {},
        "jax_requires": requirements("jax") if supported else [],
    }
    sys.stdout.write("\n" + MARK + json.dumps(inspected) + "\n")


if __name__ == "__main__":
    main()
