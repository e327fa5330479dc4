"""A message as a page may show it: neutralised at level paranoid, then reduced to markup that can load nothing.

What was taken out is marked with a number and listed. The reduction does not rely on the neutralising: of a message that
is never rewritten it leaves as little, and the page's own policy would block what both overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

import blocker
from blocker.choices.levels import Level
from blocker.judging.warm import WARM
from blocker.judging.worker import Recall
from blocker.message.charset import decode_text
from blocker.message.read import Message, read
from blocker.message.transfer import decode
from blocker.rewrite import marker
from blocker.rewrite.neutralise import RestoreError, restore

LONGEST = 1_500_000
"""Characters of markup that are shown."""
MOST = 200
"""Places that are marked and listed."""
URL = 300
"""Characters of a URL in the list."""
_KEPT = frozenset(
    [
        "html",
        "head",
        "body",
        "a",
        "abbr",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_EMPTIED = frozenset(
    [
        "script",
        "noscript",
        "template",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "link",
        "meta",
        "base",
        "svg",
        "math",
        "audio",
        "video",
        "source",
        "track",
        "portal",
        "title",
        "textarea",
        "xmp",
        "plaintext",
        "noembed",
        "noframes",
        "select",
        "option",
        "button",
        "input",
    ]
)
"""Goes with all that is in it; other elements that are not kept leave their contents."""
_ATTRIBUTES = frozenset(
    [
        "align",
        "alt",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "class",
        "color",
        "colspan",
        "dir",
        "face",
        "height",
        "lang",
        "rowspan",
        "size",
        "style",
        "valign",
        "width",
        "start",
        "type",
    ]
)
_PICTURES = ("data:image/png", "data:image/gif", "data:image/jpeg", "data:image/webp")
_LOADS = ("url(", "image-set", "image(", "src(", "@import", "@font-face", "behavior", "\\", "<")
_NAVIGATES = frozenset({"a", "area", "form"})
_BADGE = "display:inline-block;margin:1px;padding:0 4px;border-radius:3px;background:#b00020;color:#fff;font:bold 11px/16px sans-serif"


class Form(NamedTuple):
    """One form of a message, to be shown in a frame."""

    html: str
    taken: tuple[tuple[str, str], ...] = ()
    """What it would load, by number: where it stands, and its URL."""


class Preview(NamedTuple):
    """A message as it was and as it lies now."""

    original: Form | None
    now: Form
    why: str = ""
    """Why there is no original; empty where there is."""


def previewed(raw: bytes, key: bytes, patch: bytes | None) -> Preview | str:
    """Both forms of the message in `raw`, or why there is none; made in a process of its own, within a message's budget.

    `patch` undoes a neutralised copy whose header has no room for it.
    """
    return WARM.ask(partial(_preview, raw, key, patch))


def _preview(raw: bytes, key: bytes, patch: bytes | None, _recall: Recall) -> Preview:
    now = form(raw)
    if not marker.digest(raw):
        return Preview(now, now)
    try:
        return Preview(form(restore(raw, lambda _digest: patch, key=key)), now)
    except RestoreError as error:
        return Preview(None, now, str(error))


def form(raw: bytes) -> Form:
    """What a page may show of a message. Pure; never fails."""
    message = read(raw)
    source = next((d for d in message.documents if d.kind == "html"), None)
    if source is None:
        return Form(_plain(message))
    done = blocker.neutralise(raw, level=Level.PARANOID)
    clean = _same(read(done.raw), source.part.path) if done.changed else source.text
    return _reduced(source.text[:LONGEST], clean[:LONGEST])


def _same(message: Message, path: str) -> str:
    return next((d.text for d in message.documents if d.part.path == path), "")


def _plain(message: Message) -> str:
    part = next((p for p in message.parts if p.content_type == "text/plain"), None)
    text = decode_text(decode(part.encoding, part.body), part.charset).text if part is not None else ""
    return f'<!doctype html><pre style="white-space:pre-wrap">{escape(text[:LONGEST])}</pre>'


def _reduced(before: str, after: str) -> Form:
    """The neutralised markup without anything that could load, with a badge where something was taken out."""
    old, new = LexborHTMLParser(before), LexborHTMLParser(after)
    was, now = _elements(old), _elements(new)
    alike = [node.tag for node in was] == [node.tag for node in now]
    taken: list[tuple[str, str]] = []
    for former, node in zip(was if alike else now, now, strict=True):
        for place, url in list(_lost(former, node))[: MOST - len(taken)]:
            taken.append((place, url[:URL]))
            _mark(node, len(taken))
    for node in now:
        _strip(node)
    for node in reversed(_nodes(new)):
        _end(node)
    return Form(f"<!doctype html>{new.html or ''}", tuple(taken))


def _nodes(tree: LexborHTMLParser) -> list[LexborNode]:
    root = tree.root
    return [] if root is None else list(root.traverse(include_text=True))


def _elements(tree: LexborHTMLParser) -> list[LexborNode]:
    return [node for node in _nodes(tree) if not (node.tag or "-").startswith("-")]


def _end(node: LexborNode) -> None:
    """Take away what is not shown, from the inside out: comments, and elements with or without what is in them."""
    tag = node.tag or ""
    if node.parent is None or tag == "-text":
        return
    if tag in _EMPTIED or tag.startswith("-") or (tag == "style" and _loads(node.text() or "")):
        node.decompose()
    elif tag not in _KEPT:
        if node.child is None:
            node.decompose()
        else:
            node.unwrap()


def _lost(before: LexborNode, after: LexborNode) -> Iterator[tuple[str, str]]:
    """What an element loaded and does no longer: attributes that were neutralised, or that are not shown here."""
    now = after.attributes
    for name, value in before.attributes.items():
        changed = value != now.get(name)
        dropped = name not in _ATTRIBUTES and before.tag not in _NAVIGATES and "//" in (value or "")
        if value and (changed or dropped) and not value.startswith("data:"):
            yield f"{before.tag}[{name}]", value
    text = before.text() or ""
    if before.tag == "style" and text != after.text():
        yield "style", text[max(0, text.find("url(")) :]


def _mark(node: LexborNode, number: int) -> None:
    if node.parent is None or node.tag not in _KEPT - {"html", "head", "style"}:
        return
    badge = LexborHTMLParser(f'<body><span style="{_BADGE}">{number}</span>').css_first("span")
    if badge is not None and node.tag not in {"body", "table", "tbody", "tr", "td", "th", "thead", "tfoot"}:
        node.insert_before(badge)
    elif badge is not None and node.tag in {"body", "td", "th"} and node.child is not None:
        node.child.insert_before(badge)


def _strip(node: LexborNode) -> None:
    """Leave the attributes that load nothing, and no sign in them that could be read as markup."""
    for name, value in list(node.attributes.items()):
        picture = node.tag == "img" and name == "src" and (value or "").lower().startswith(_PICTURES)
        if picture or (name in _ATTRIBUTES and not (name == "style" and _loads(value or ""))):
            if value and ("<" in value or ">" in value):
                node.attrs[name] = value.replace("<", "").replace(">", "")
            continue
        del node.attrs[name]


def _loads(css: str) -> bool:
    """Whether a sheet may name anything to load; what stands in it as data does not count."""
    lowered = css.lower()
    for quote in ("", '"', "'"):
        lowered = lowered.replace(f"url({quote}data:", "").replace(f"url({quote}{quote})", "")
    return any(word in lowered for word in _LOADS)
