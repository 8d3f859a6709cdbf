"""Makes `-k` pick what a person means by a promise's id, a lane, or a part of a name."""

import difflib
from collections.abc import Callable

import pytest
from _pytest.mark import KeywordMatcher
from _pytest.mark.expression import Expression

from reports.model import LaneName
from reports.promises import lane_of, promise_of, proof_of
from reports.relay import collected


@pytest.hookimpl
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Runs before pytest's own `-k`, which takes every word for a part of any name.

    So `-k BACK-1` would pick BACK-12 too, and `-k tpu` a test that only mentions TPUs.
    """
    text = config.option.keyword.strip()
    if not text or not any(map(promise_of, items)):
        return
    try:
        expression = Expression.compile(text)
    except SyntaxError as error:
        raise pytest.UsageError(
            f"-k: {text!r} is no expression: {error.msg} at column {error.offset}."
        ) from None
    ids = {promise.id.lower() for item in items if (promise := promise_of(item))}
    chosen = [item for item in items if expression.evaluate(_matcher(item, ids))]
    if not chosen:
        collected(config).notes.append(_nothing_matched(expression, items))
    config.option.keyword = ""
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def _matcher(item: pytest.Item, ids: set[str]) -> Callable[..., bool]:
    promise = promise_of(item)
    names = KeywordMatcher.from_item(item)

    def matches(word: str, /, **kwargs: str | int | bool | None) -> bool:
        if promise is None:
            return names(word, **kwargs)
        if word.lower() in ids:
            return word.lower() == promise.id.lower()
        if word in set(LaneName):
            return word == lane_of(item)
        return word.lower() in promise.id.lower() or names(word, **kwargs)

    return matches


def _nothing_matched(expression: Expression, items: list[pytest.Item]) -> str:
    names = {promise.id.lower(): promise.id for item in items if (promise := promise_of(item))}
    for item in items:
        test = proof_of(item).rpartition("::")[2]
        names |= {test: test, item.path.stem: item.path.stem}
    close = [
        names[match]
        for word in sorted(expression.idents())
        for match in difflib.get_close_matches(word.lower(), names, n=3)
    ]
    advice = f" Did you mean {' or '.join(close)}?" if close else ""
    return (
        f"-k {expression.input!r} matches no promise.{advice} "
        "'pytest --collect-only -q' lists what there is."
    )
