"""Whose wishes an override has set aside, as those packages state them."""

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_EXTRAS = ("", "tpu")


def overruled(venv: Path, overrides: Iterable[str]) -> list[str]:
    """Such as `sglang-jax 0.1.0rc0 wants flax==0.12.4, and flax 0.12.5 is installed`."""
    forced = {canonicalize_name(Requirement(line).name) for line in overrides}
    places = [str(place) for place in venv.glob("lib/python*/site-packages")]
    installed = {canonicalize_name(each.name): each for each in distributions(path=places)}
    return sorted(
        {
            f"{each.name} {each.version} wants {_shown(wish)}, and {wish.name} "
            f"{installed[canonicalize_name(wish.name)].version} is installed"
            for each in installed.values()
            for wish in _wishes(each)
            if canonicalize_name(wish.name) in forced & installed.keys()
            and not _granted(wish, installed[canonicalize_name(wish.name)].version)
        }
    )


def _wishes(distribution: Distribution) -> Iterator[Requirement]:
    for line in distribution.requires or ():
        try:
            wish = Requirement(line)
        except InvalidRequirement:
            continue
        if wish.marker is None or any(wish.marker.evaluate({"extra": extra}) for extra in _EXTRAS):
            yield wish


def _granted(wish: Requirement, version: str) -> bool:
    return not wish.url and wish.specifier.contains(version, prereleases=True)


def _shown(wish: Requirement) -> str:
    return f"{wish.name} @ {wish.url}" if wish.url else f"{wish.name}{wish.specifier}"
