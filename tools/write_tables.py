"""Write the tables of docs/ that are made from files (make tables)."""

from pathlib import Path

from reference_pages.regions import pages_with_regions, with_tables

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the table of every marked region again."""
    for page in pages_with_regions(ROOT):
        text = page.read_text(encoding="utf-8")
        page.write_text(with_tables(text, ROOT), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
