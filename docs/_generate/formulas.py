# SPDX-License-Identifier: Apache-2.0
"""Formulas as MathML, which browsers draw themselves: no script, no font, no network."""

import html
import re

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
_LETTERS = {  # browsers that follow MathML Core have no styles of letters, only letters
    r"\mathcal T": "𝒯",
    r"\mathcal L": "ℒ",
    r"\mathcal N": "𝒩",
    r"\mathbb E": "𝔼",
    r"\mathbb 1": "𝟙",
}
_TAG = re.compile(r"\\tag\{([^}]*)\}")


def with_formulas(page: str) -> str:
    """Return a page's HTML with what pymdownx.arithmatex marked replaced by MathML."""
    page = _BLOCK.sub(lambda match: _block(match[1]), page)
    return _INLINE.sub(lambda match: _mathml(match[1]), page)


def _block(latex: str) -> str:
    """Return a displayed formula; its number stands beside it, in words where it is a source's."""
    tag = _TAG.search(latex)
    formula = _mathml(_TAG.sub("", latex), display="block")
    number = f'<span class="equation-number">({tag[1]})</span>' if tag else ""
    return f'<div class="equation">{formula}{number}</div>'


def _mathml(latex: str, display: str = "inline") -> str:
    """Return a formula, as it stands in HTML, as MathML."""
    latex = html.unescape(latex).strip()
    for command, letter in _LETTERS.items():
        latex = latex.replace(command, letter)
    if styled := re.search(r"\\math(cal|bb)", latex):
        raise ValueError(f"{latex!r}: {styled[0]} of this letter is not in _LETTERS")
    return convert(latex, display=display)
