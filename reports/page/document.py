"""The page as a whole: the answer first, then what it stands on."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reports.answer import STACK, Answer
from reports.merging import Overview, State
from reports.page.charts import figures, times
from reports.page.failures import anchor, failures
from reports.page.markup import Html, element, join
from reports.page.moving import STATES, answered, changes
from reports.page.parts import chip, definitions, listed, section
from reports.page.performance import performance
from reports.page.table import table
from reports.standing import Run, Standing
from reports.summary import Finding, counts, findings, headline, notes

_HERE = Path(__file__).parent
_STATES = {State.KEPT: "good", State.BROKEN: "bad", State.UNJUDGED: "unsure"}
_NAMED = 8
_WARNED = 3


def document(overview: Overview, answer: Answer | None = None) -> str:
    """`answer` is the gate's, if it is one pin's move to another that the records are about."""
    title = answer.headline if answer else headline(overview)
    state = STATES[answer.status] if answer else _STATES[overview.state]
    style, script = (_asset("page.css"), _asset("page.js"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", f"pinproof: {title}"),
        element("style", style),
    )
    body = element(
        "body",
        element("a", "Skip to all promises", href="#promises", class_="skip"),
        element("header", *_answer(overview, answer), class_=f"answer s-{state}"),
        element(
            "main",
            changes(answer) if answer else join(),
            performance(answer.performance) if answer and answer.performance else join(),
            _what_broke(overview),
            failures(overview),
            table(overview),
            times(overview),
            figures(overview),
            _notes(overview),
            _runs(overview),
        ),
        element("script", script),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _asset(name: str) -> Html:
    return Html((_HERE / name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """The browser runs what we have written, and nothing that a record may have smuggled in."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(words: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(words.encode()).digest()).decode()}"


def _answer(overview: Overview, answer: Answer | None) -> Iterator[Html]:
    yield element("p", "pinproof", class_="brand")
    if answer:
        yield answered(answer)
        return
    yield element("h1", headline(overview))
    chips = (
        join(chip(verdict), f" {number}") for verdict, number in counts(overview.standings).items()
    )
    yield listed(chips, class_="counts", aria_label="Verdicts")
    more = len(overview.troubles) - _WARNED
    warnings = [
        *overview.troubles[:_WARNED],
        *([f"{more} more runs like that."] if more > 0 else []),
    ]
    yield listed(warnings, class_="warnings")


def _what_broke(overview: Overview) -> Html:
    found = findings(overview)
    if not found:
        return join()
    return section("findings", "What broke, for whom, and what to do", *map(_card, found))


def _card(finding: Finding) -> Html:
    more = len(finding.standings) - _NAMED
    named = [_promise(each) for each in finding.standings[:_NAMED]]
    which = listed([*named, *([f"and {more} more"] if more > 0 else [])], class_="plain")
    title = f"{finding.what[:1].upper()}{finding.what[1:]}: {finding.said}"
    where = f"lane {finding.lanes}, pin {finding.pin}"
    return element(
        "article",
        element("h3", title),
        definitions(
            [
                ("What", which),
                ("Where", where),
                ("For whom", finding.whom),
                ("What to do", finding.to_do),
            ]
        ),
        class_="card known" if finding.is_known else "card",
    )


def _promise(standing: Standing) -> Html:
    name = element("a", standing.promise, href=f"#{anchor(standing)}")
    return join(name, f": {standing.sentence}" if standing.sentence else "")


def _notes(overview: Overview) -> Html:
    found = list(notes(overview))
    return section("notes", "What else there is to know", listed(found)) if found else join()


def _runs(overview: Overview) -> Html:
    return section("runs", "The runs behind this page", *map(_run, overview.runs))


def _run(run: Run) -> Html:
    packages = ((run.facts.get("pin") or {}).get("versions")) or {}
    machine = run.facts.get("machine") or {}
    began = datetime.fromtimestamp(run.stored.began, UTC) if run.stored.began else None
    devices = len(machine.get("devices") or []) or "no"
    rows = {
        "Began": f"{began:%Y-%m-%d %H:%M} UTC" if began else "",
        "Pin": run.pin,
        "Packages": ", ".join(f"{name} {packages[name]}" for name in STACK if name in packages),
        "Machine": f"{machine['platform']}, {devices} chips" if "platform" in machine else "",
        "Suite": run.suite,
        "Record": str(run.stored.directory),
    }
    known = ((name, words) for name, words in rows.items() if words)
    return join(element("h3", run.name), definitions(known))
