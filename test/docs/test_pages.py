# SPDX-License-Identifier: Apache-2.0
"""The pages hold together: links, pictures, navigation, equation numbers, generated pages."""

import importlib.util
import re
import struct
import sys
import urllib.parse
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*DOCUMENTS, *sorted(DOCS.rglob("*.md"))]
INTERFACES = [path for kind in ("msg", "srv", "action") for path in (ROOT / kind).glob(f"*.{kind}")]
GENERATED = {DOCS / "reference" / f"{name}.md" for name in ("commands", "msg", "srv", "action")}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """A page without what is code."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "`code`", text)


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as Python-Markdown makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", one) for one in words}


def generator(name: str):
    """A module of docs/_generate."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_generate" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


def links() -> list[tuple[Path, str]]:
    return [(page, link) for page in PAGES for link in LINK.findall(prose(page))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    wrong = []
    for link in LINK.findall(prose(page)):
        if link.startswith(("https:", "http:")):
            parts = urllib.parse.urlsplit(link)
            wrong += [] if "." in parts.netloc and " " not in link else [link]
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.is_relative_to(ROOT) and (target.exists() or target in GENERATED)
        if not is_there or (anchor and target.suffix == ".md" and anchor not in slugs(target)):
            wrong.append(link)
    assert wrong == []


def test_the_test_of_links_sees_links():
    assert len(links()) > 80
    assert "the-path-of-a-request" in slugs(DOCS / "design.md")


def test_pictures_are_shown_and_small():
    shown = {
        (page.parent / link).resolve() for page, link in links() if link.endswith((".png", ".svg"))
    }
    assert shown == set(DOCS.rglob("*.png"))
    for picture in shown:
        width, height = struct.unpack(">II", picture.read_bytes()[16:24])
        assert 400 <= width <= 2400 and height <= 1400 and picture.stat().st_size < 400_000


def test_every_page_is_in_the_navigation():
    told = re.sub(r"!!python\S*", "", (ROOT / "mkdocs.yml").read_text("utf-8"))
    nav = yaml.safe_load(told)["nav"]

    def leaves(entry):
        if isinstance(entry, str):
            return [entry]
        parts = entry.values() if isinstance(entry, dict) else entry
        return [leaf for part in parts for leaf in leaves(part)]

    generated = {page.relative_to(DOCS).as_posix() for page in GENERATED}
    generated |= {"overview.md", "contributing.md", "changelog.md"}
    written = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert sorted(leaves(nav)) == sorted(written | generated)


def test_nothing_of_a_page_is_loaded_from_elsewhere():
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in settings and "http" not in settings
    assert "url(" not in (DOCS / "style.css").read_text("utf-8")


def test_every_equation_that_the_code_cites_is_on_a_page():
    text = "".join(page.read_text("utf-8") for page in (DOCS / "mathematics").glob("*.md"))
    code = [path.read_text("utf-8") for path in (ROOT / "vi_ik_ros").rglob("*.py")]
    of_satici = re.compile(
        r"Eq\. \(\d+\)(?: and \(\d+\))?(?: of Satici|, leaves the weights|; the likelihood)"
    )
    cited = set()
    for one in code:
        own = of_satici.sub("", one)
        cited |= set(re.findall(r"Eq\. \((\d+(?:\.\d+)?)\)", own))
        cited |= set(re.findall(r"Eq\. \(\d+\)(?: and | to |-)\((\d+)\)", own))
    assert len(cited) > 30
    missing = {n for n in cited if f"({n})" not in text and f"\\tag{{{n}}}" not in text}
    assert missing == set()


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.name)
def test_an_interface_page_has_every_field(path):
    pages = generator("interface_pages")
    page = pages.interfaces_page(path.suffix[1:], path.parent)
    section = page.split(f"\n## {path.stem}\n")[1].split("\n## ")[0]
    lines = path.read_text("utf-8").splitlines()
    fields = [line.split("#")[0].split() for line in lines if re.match(r"[\w/]+\S*\s+\w", line)]
    assert fields, "the test sees no field"
    for kind, name, *_ in fields:
        assert re.search(
            rf"^\| `{re.escape(name.split('=')[0])}\b[^|]*\| `{re.escape(kind)}`", section, re.M
        )


def test_a_comment_of_an_interface_stays_as_it_is(tmp_path):
    (tmp_path / "One.msg").write_text(
        "# A *star* and a_b.\nfloat64 x   # [m], 0 < x\n            # in base\n"
    )
    page = generator("interface_pages").interfaces_page("msg", tmp_path)
    assert r"A \*star\* and a\_b." in page
    assert r"| `x` | `float64` | \[m\], 0 &lt; x in base |" in page


def test_links_out_of_the_pages_lead_to_pages_of_their_own():
    repository = generator("repository_links").Repository(ROOT)
    led = repository.with_page_links(
        "[a](../../srv/ListModels.srv) [b](../design.md#x)", "docs/how-to/p.md"
    )
    assert led == "[a](../reference/srv.md#listmodels) [b](../design.md#x)"
    led = repository.with_page_links("[a](config/sampler.yaml) [b](docs/comau.md)", "README.md")
    assert led == "[a](files/config/sampler.yaml.md) [b](comau.md)"
    assert "config/sampler.yaml" in repository.linked_files()
    assert "robot:" in repository.file_page("config/objectives/panda_pose.yaml")
