"""Reads headings and readable text out of HTML, with bounds that hold for pages written to hurt the parser."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from selectolax.lexbor import LexborHTMLParser

MAX_HTML_LENGTH = 5_000_000
MAX_TEXT_LENGTH = 5_000_000

# The parser takes time quadratic in nesting, and copies every open inline element into each block that follows.
MAX_OPEN_ELEMENTS = 1_000
MAX_INLINE_COPIES = 2_000_000

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,32})")
_NEVER_OPEN = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
_CLOSED_BY_THE_NEXT = frozenset(
    ["p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "body", "html", "head"]
)
_INLINE = frozenset({"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
_UNREAD = "script, style, noscript, template, svg, iframe, object"
_BLOCKS = (
    "p, div, br, hr, li, ul, ol, dl, dt, dd, tr, table, section, article, header, footer, main, aside, nav, "
    "h1, h2, h3, h4, h5, h6, blockquote, pre, form, fieldset, figure, figcaption, title, option"
)
_SPACES = re.compile(r"\s+")


class HtmlFault(ValueError):
    """A page cannot be read within the bounds."""


def headings(html: str, levels: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the headings of the given levels in document order, as {"level", "text"}; empty ones are left out."""
    found, length = [], 0
    for node in _parsed(html).css(", ".join(f"h{level}" for level in sorted(levels))):
        text = _SPACES.sub(" ", node.text()).strip()
        length += len(text)
        if length > MAX_TEXT_LENGTH:
            raise HtmlFault("the headings contain each other too often")
        if text:
            found.append({"level": int(str(node.tag)[1]), "text": text})
    return found


def readable_text(html: str) -> str:
    """Return the text a reader sees, one line per block."""
    page = _parsed(html)
    if page.body is None:
        return ""
    for block in page.body.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (_SPACES.sub(" ", line).strip() for line in page.body.text().split("\n"))
    return "\n".join(line for line in lines if line)


def _parsed(html: str) -> LexborHTMLParser:
    if len(html) > MAX_HTML_LENGTH:
        raise HtmlFault(f"a page has at most {MAX_HTML_LENGTH} characters")
    check_nesting(html)
    page = LexborHTMLParser(html)
    for node in page.css(_UNREAD):
        node.decompose()
    return page


def check_nesting(html: str) -> None:
    """Raise HtmlFault where the tags, counted roughly and never too low, could make the parser slow or large."""
    opened: Counter[str] = Counter()
    depth = inline = copies = 0
    for closing, tag in _TAG.findall(html):
        name = tag.lower()
        if name in _NEVER_OPEN or name in _CLOSED_BY_THE_NEXT:
            copies += inline
        elif not closing:
            opened[name] += 1
            depth += 1
            inline += name in _INLINE
            copies += inline
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
            inline -= name in _INLINE
        if depth > MAX_OPEN_ELEMENTS or copies > MAX_INLINE_COPIES:
            raise HtmlFault("the page nests its elements too deeply")
