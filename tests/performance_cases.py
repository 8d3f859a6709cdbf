"""Samples of what engines cost that tests make up."""

from reports.performance import FIGURES, Performance, Sample

USUAL = 10.0


def ratios(every: float = 1.0, **named: float) -> dict[str, float]:
    """How many times worse each figure is; `start_up` is written for `start-up`."""
    given = {name.replace("_", " ").replace("start up", "start-up"): n for name, n in named.items()}
    return {figure.name: given.get(figure.name, every) for figure in FIGURES}


def sample(times: dict[str, float] | None = None) -> dict[str, float]:
    times = times or ratios()
    return {
        figure.name: USUAL / times[figure.name] if figure.falling else USUAL * times[figure.name]
        for figure in FIGURES
    }


def measured(times: dict[str, float], pairs: int) -> Performance:
    old: tuple[Sample, ...] = (sample(),) * pairs
    return Performance(old, (sample(times),) * pairs)
