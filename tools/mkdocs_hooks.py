"""Add the pages that are made from the code, and keep links to files alive."""

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT / "tools", ROOT / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from reference_pages import repository  # noqa: E402
from reference_pages.api import api_pages  # noqa: E402
from reference_pages.commands import commands_page  # noqa: E402
from reference_pages.configuration import configuration_page  # noqa: E402
from reference_pages.reason_codes import reasons_page  # noqa: E402
from reference_pages.result_files import files_page  # noqa: E402
from reference_pages.schemas import tables_page  # noqa: E402

API = "API"
"""Title in the navigation below which the folders of the package are listed."""


def made_pages() -> dict[str, str]:
    """Return the pages that are made from the code, by their place on the site."""
    pages = {
        "reference/configuration.md": configuration_page(ROOT),
        "reference/commands.md": commands_page(ROOT),
        "reference/files.md": files_page(ROOT),
        "reference/tables.md": tables_page(ROOT),
        "reference/reasons.md": reasons_page(),
    }
    api = {f"reference/api/{name}.md": text for name, text in api_pages(ROOT).items()}
    return pages | api


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the folders of the package in the navigation."""
    names = [f"reference/api/{name}.md" for name in api_pages(ROOT)]
    for section in config.nav or []:
        for entries in section.values():
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict) and API in entry:
                    entry[API] = names
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add made pages, documents from outside docs/, and copies of linked files."""
    for place, text in made_pages().items():
        files.append(File.generated(config, place, content=text))
    for path, place in repository.PAGES.items():
        if (ROOT / path).is_file():
            source = str(ROOT / path)
            files.append(File.generated(config, place, abs_src_path=source))
    for file in list(files.documentation_pages()):
        for path in repository.linked(file.content_string, _home(file.src_uri)):
            place = _place(path)
            if place.startswith(repository.COPIES) and place not in files.src_uris:
                source = str(ROOT / path)
                files.append(File.generated(config, place, abs_src_path=source))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Point links at pages of the site."""
    place = page.file.src_uri
    return repository.relinked(markdown, _home(place), place, _place)


def _home(place: str) -> str:
    """Return the path in the repository of what stands at a place of the site."""
    sources = {page: path for path, page in repository.PAGES.items()}
    return sources.get(place, f"docs/{place}")


def _place(path: str) -> str:
    """Return the place on the site of a path of the repository."""
    page = repository.page_of(path)
    if page is not None:
        return page
    if not (ROOT / path).is_file():
        raise ValueError(f"{path}: a page links to it, and there is no such file")
    return f"{repository.COPIES}/{path}"
