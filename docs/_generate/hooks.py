# SPDX-License-Identifier: Apache-2.0
"""What MkDocs asks on the way: generated pages, links into the repository, formulas."""

from pathlib import Path

from formulas import with_formulas
from interface_pages import PARTS, interfaces_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from repository_links import Repository, page_of

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "build" / "docs" / "commands.md"  # written by `make docs` before MkDocs
REPOSITORY = Repository(ROOT)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that nobody writes: interfaces, commands, documents and files of the root."""
    pages = {f"reference/{kind}.md": interfaces_page(kind, ROOT / kind) for kind in PARTS}
    if not COMMANDS.is_file():
        raise PluginError(f"{COMMANDS} is missing: run `make docs`")
    pages["reference/commands.md"] = COMMANDS.read_text(encoding="utf-8")
    for path in (*REPOSITORY.linked_files(), *REPOSITORY.documents()):
        if path.endswith(".md"):
            text = (ROOT / path).read_text(encoding="utf-8")
            pages[page_of(path)] = REPOSITORY.with_page_links(text, path)
        else:
            pages[page_of(path)] = REPOSITORY.file_page(path)
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links of written pages that leave the documentation to the pages of those files."""
    if page.file.generated_by is not None:
        return markdown
    return REPOSITORY.with_page_links(markdown, f"docs/{page.file.src_uri}")


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn formulas into MathML."""
    return with_formulas(html)
