"""Links from pages to files of the repository that lie outside ``docs/``.

On a Git host such a link opens the file. On the site it opens the page that shows or
replaces the file, or else a copy of the file.
"""

import posixpath
import re
from collections.abc import Callable

PAGES = {
    "config/README.md": "sheets.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "src/nodal_staging/attribution/README.md": "attribution_package.md",
}
"""Documents of the repository that are pages of the site as they are."""

REPLACED = {
    "README.md": "index.md",
    "src/nodal_staging": "reference/api/index.md",
    "src/nodal_staging/study/reasons.py": "reference/reasons.md",
    "src/nodal_staging/tables/schemas.py": "reference/tables.md",
    "workflow/schemas/config.schema.yaml": "reference/configuration.md",
    "workflow/rules": "reference/files.md",
    "Snakefile": "reference/commands.md",
}
"""Pages of the site that show what a file of the repository says."""

COPIES = "files"
"""Folder of the site with copies of other files that pages link to."""

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)")


def page_of(path: str) -> str | None:
    """Return the page of the site for a path of the repository, if there is one."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return PAGES.get(path) or REPLACED.get(path)


def linked(markdown: str, home: str) -> list[str]:
    """Return the paths of the repository that a document links to.

    Parameters
    ----------
    markdown
        Its text.
    home
        Its own path in the repository; links that begin with / start at the root.
    """
    return [_resolved(target, home) for target in LINK.findall(markdown)]


def relinked(
    markdown: str, home: str, page: str, place_of: Callable[[str], str]
) -> str:
    """Turn links between files of the repository into links between pages.

    Parameters
    ----------
    markdown, home
        As in ``linked``.
    page
        Where the document is on the site.
    place_of
        Returns the place on the site of a path of the repository.
    """
    return LINK.sub(
        lambda found: posixpath.relpath(
            place_of(_resolved(found[1], home)), posixpath.dirname(page) or "."
        ),
        markdown,
    )


def _resolved(target: str, home: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(home), target))
