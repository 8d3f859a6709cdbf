"""HTML of which nothing that was recorded can become a part: what is not `Html` is escaped."""

from html import escape

from reports.comment import printable


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """`class_` is written for `class`, `data_lane` for `data-lane`; True is a bare attribute."""
    words = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inner = join(*content)
    return Html(f"<{name}{words}>" if name in _EMPTY else f"<{name}{words}>{inner}</{name}>")


def join(*content: object) -> Html:
    return Html("".join(each if isinstance(each, Html) else text(each) for each in content))


def text(value: object) -> Html:
    return Html(escape(printable(str(value))))


def link(address: str, words: object) -> Html:
    """Only where a click can do nothing but open a page."""
    if address.startswith(("https://", "http://")):
        return element("a", words, href=address, rel="noreferrer noopener")
    return text(words)


def _attribute(name: str) -> str:
    return name.strip("_").replace("_", "-")


_EMPTY = frozenset({"input", "meta", "link", "br", "hr"})
"""Of HTML alone: within a drawing, what is not closed has all that follows inside it."""
