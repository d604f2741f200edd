"""Terms of the project, explained where the report uses them first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Term:
    """A term, how it appears in running text, and what it means."""

    name: str
    pattern: str
    meaning: str

    @property
    def anchor(self) -> str:
        """Return the id of the term in the list of terms."""
        return f"term-{self.name.lower().replace(' ', '-')}"


TERMS = (
    Term(
        "xMask",
        r"xMask\b",
        "The CNN that sees the CT inside the mask of the node only.",
    ),
    Term(
        "status-balanced",
        r"status[- ]balanced\b",
        "The training set with as many positive as negative nodes.",
    ),
    Term(
        "location-balanced",
        r"location[- ]balanced\b",
        "The training set with as many positive as negative nodes at each location.",
    ),
    Term(
        "ceiling",
        r"(?:ideal |realistic )?ceilings?\b",
        "The AUC of the best possible classifier. It is known for the synthetic "
        "cohort only.",
    ),
    Term(
        "out of fold",
        r"out of fold\b",
        "Scores of training nodes by CNNs that were trained without them; thresholds "
        "are chosen on these scores.",
    ),
    Term("halo", r"halo\b", "The ring around a node in a heatmap."),
)
"""In the words of docs/glossary.md."""

TAG = re.compile(r"(<[^>]*>)")
CLOSED = ("a", "h1", "h2", "h3", "nav", "style", "script", "summary", "svg", "table")
"""Elements in which no term is explained: links, headings, tables and drawings."""


def meanings() -> str:
    """Return the list of terms."""
    entries = "\n".join(
        f'<dt id="{term.anchor}">{escape(term.name)}</dt>'
        f"<dd>{escape(term.meaning)}</dd>"
        for term in TERMS
    )
    return f'<dl class="terms">\n{entries}\n</dl>'


def with_terms(page: str) -> str:
    """Link the first use of each term in running text to its meaning.

    Parameters
    ----------
    page
        HTML whose text is escaped.
    """
    start, main, rest = page.partition("<main")
    text, end, tail = rest.partition('<section aria-labelledby="terms"')
    waiting = {term.name: term for term in TERMS}
    pieces = TAG.split(text)
    closed: list[str] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            _follow(piece, closed)
        elif waiting and piece.strip() and not closed:
            pieces[place] = _explained(piece, waiting)
    return "".join([start, main, *pieces, end, tail])


def _follow(tag: str, closed: list[str]) -> None:
    """Keep the list of open elements without terms."""
    name = re.match(r"</?(\w+)", tag)
    if not name or name[1] not in CLOSED:
        return
    if not tag.startswith("</"):
        closed.append(name[1])
    elif closed:
        closed.pop()


def _explained(text: str, waiting: dict[str, Term]) -> str:
    """Link the first uses of terms in a piece of text, and strike them off."""
    found: Mapping[int, tuple[re.Match[str], Term]] = {
        match.start(): (match, term)
        for term in waiting.values()
        if (match := re.search(rf"\b{term.pattern}", text, re.IGNORECASE))
    }
    last, pieces = 0, []
    for start, (match, term) in sorted(found.items()):
        if start < last:
            continue
        pieces += [text[last:start], _link(match[0], term)]
        last = match.end()
        del waiting[term.name]
    return "".join([*pieces, text[last:]])


def _link(words: str, term: Term) -> str:
    return (
        f'<a class="term" href="#{term.anchor}" '
        f'data-meaning="{escape(term.meaning)}">{words}</a>'
    )
