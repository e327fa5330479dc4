"""Where a page names what it loads, told by another parser (lexbor) and knowing nothing of our reader's tables.

Made to check a rewrite: generous, so that a place our reader does not know is looked at, too.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message
from html import unescape

from selectolax.lexbor import LexborHTMLParser

LINKS = frozenset({"a", "area", "form", "button"})
"""What a click follows, nothing loads."""
GONE = frozenset({"param", "layer", "ilayer"})
"""Of plug-ins and of Netscape 4: what is left of them loads nothing."""
QUIET = frozenset(
    {"alt", "title", "id", "class", "name", "summary", "aria-label", "originalsrc", "longdesc", "cite"}
)


def html_leaves(raw: bytes) -> Iterator[str]:
    """The decoded text of each HTML leaf, by the standard library."""
    for part in email.message_from_bytes(raw).walk():
        if part.get_content_type() == "text/html" and not part.is_multipart():
            yield _text(part)


def _text(part: Message) -> str:
    body = part.get_payload(decode=True)
    data = body if isinstance(body, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def loading(markup: str) -> Iterator[str]:
    """Every value of every attribute but links, every style sheet and every conditional comment."""
    root = LexborHTMLParser(markup).root
    if root is None:
        return
    for node in root.traverse(include_text=False):
        tag = node.tag or ""
        if tag == "-comment":
            if "[if" in (node.html or "")[:20]:
                yield unescape(node.html or "")
        elif tag == "style":
            yield node.text()
        elif tag not in GONE:
            yield from (
                value for name, value in node.attributes.items() if value and _loads(tag, name, value)
            )


def _loads(tag: str, name: str, value: str) -> bool:
    if name == "style":
        return any(sign in value.lower() for sign in ("url", "image", "src(", "\\"))
    if tag == "meta" or name == "content":
        return tag == "meta" and name == "content"
    return tag not in LINKS and tag != "base" and name not in QUIET and not name.startswith("data-")
