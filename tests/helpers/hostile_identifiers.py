"""Identifiers as people write them, and as nobody expects them."""

from hypothesis import strategies as st

from nodal_staging.study.sheet_identifiers import fault_of, identifier, likeness

HOSTILE = [
    "Knoten_ü1",
    "U\u0308bung 2",
    "节点1",
    "リンパ節 2",
    "עקדה ١",
    "عقدة ٢",
    "🧬👩\u200d⚕️",
    "N$\\frac{$",
    "$x^2$ \\$",
    "{results}",
    "{{0}}",
    "<results>",
    '<b onclick="x">',
    "a\"b'c",
    "100% %s %(x)d",
    "A&amp;B;C,D",
    "../../up",
    "a/b\\c",
    "*[?]~",
    "NA",
    "nan",
    "None",
    "1.50",
    "1e5",
    "007",
    "#1",
    "_hidden",
    "TRUE",
    "mean",
    "x" * 80,
]
"""Sound identifiers; all of them are different."""


def identifiers() -> st.SearchStrategy[list[str]]:
    """Draw sound identifiers that nobody confuses, in stored form."""
    letters = st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")
    )
    one = st.text(letters, min_size=1, max_size=12).map(identifier)
    return st.lists(
        one.filter(lambda text: text and fault_of(text) is None),
        min_size=8,
        max_size=8,
        unique_by=likeness,
    )
