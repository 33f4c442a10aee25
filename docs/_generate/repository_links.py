# SPDX-License-Identifier: Apache-2.0
"""Links from pages to files of the repository: those get pages of their own."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".xml": "xml", ".toml": "toml", ".cff": "yaml"}
_INTERFACES = ("msg", "srv", "action")


@dataclass(frozen=True)
class Repository:
    """The repository around the documentation.

    Attributes:
        root: its directory.
        docs: name of the directory of the pages in it.
    """

    root: Path
    docs: str = "docs"

    def linked_files(self) -> list[str]:
        """Return the files outside of the pages that pages link to, sorted, below the root."""
        pages = [*(self.root / self.docs).rglob("*.md"), *map(self.root.joinpath, self.documents())]
        found = {
            target
            for page in pages
            for link in _LINK.finditer(page.read_text(encoding="utf-8"))
            if not (
                target := self._target(page.relative_to(self.root).as_posix(), link["path"])
            ).startswith((f"{self.docs}/", *(f"{kind}/" for kind in _INTERFACES)))
        }
        return sorted(found - set(self.documents()))

    def documents(self) -> list[str]:
        """Return the documents of the root that are pages, too."""
        return [name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
                if (self.root / name).is_file()]  # fmt: skip

    def file_page(self, path: str) -> str:
        """Return the page that shows one file or folder of the repository as it is."""
        place = self.root / path
        if place.is_dir():
            names = "\n".join(f"* `{entry.name}`" for entry in sorted(place.iterdir()))
            return f"# {path}\n\n{names}\n"
        text = place.read_text(encoding="utf-8").rstrip()
        return f"# {path}\n\n``````{_LANGUAGES.get(place.suffix, 'text')}\n{text}\n``````\n"

    def with_page_links(self, markdown: str, source: str) -> str:
        """Return a page with its links to files of the repository led to their pages.

        Args:
            markdown: the page.
            source: where it lies, below the root.
        """
        here = posixpath.dirname(page_of(source, self.docs))

        def led(link: re.Match[str]) -> str:
            target = page_of(self._target(source, link["path"]), self.docs)
            target, _, anchor = target.partition("#")
            anchor = link["anchor"] or (f"#{anchor}" if anchor else "")
            return f"]({posixpath.relpath(target, here or '.')}{anchor})"

        return _LINK.sub(led, markdown)

    def _target(self, source: str, link: str) -> str:
        """Return what a link of a page means, below the root."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def page_of(path: str, docs: str = "docs") -> str:
    """Return the page of a file of the repository, below the directory of the pages."""
    folder, _, name = path.partition("/")
    if folder == docs:
        return name
    if folder in _INTERFACES and name:
        return f"reference/{folder}.md#{Path(name).stem.lower()}"
    if "/" not in path and path.endswith(".md"):
        return path.lower() if path != "README.md" else "overview.md"
    return f"files/{path.removesuffix('/')}.md"
