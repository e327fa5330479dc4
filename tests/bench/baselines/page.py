"""What the baselines read of a message: its remote images, as the standard library and one HTML parse show them."""

from __future__ import annotations

import email
import email.message
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from turbohtml import Element, parse

REMOTE = ("http:", "https:", "//")


@dataclass(frozen=True, slots=True)
class Image:
    """One remote image: an `img`, or a background (whose own size nobody declares)."""

    raw: str
    """The URL as written, entities decoded."""
    width: float | None
    """Declared in pixels, by inline style or by attribute; None where neither says."""
    height: float | None
    hidden: bool
    """`display: none` or `visibility: hidden` in the inline style."""


def images(raw: bytes) -> list[Image]:
    """Every remote image of the message's HTML parts, in order."""
    return [image for text in _html_parts(raw) for image in _images(text)]


def _html_parts(raw: bytes) -> Iterator[str]:
    for part in email.message_from_bytes(raw).walk():
        if part.get_content_type() != "text/html" or part.is_multipart():
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            try:
                yield body.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                yield body.decode("latin-1")


def _images(text: str) -> Iterator[Image]:
    for node in parse(text).find_all(True):
        style = _declarations(_attribute(node, "style"))
        if node.tag == "img":
            url = _attribute(node, "src")
            if url.strip().lower().startswith(REMOTE):
                yield Image(url, _side(node, style, "width"), _side(node, style, "height"), _hidden(style))
        for url in (_attribute(node, "background"), *_css_urls(style)):
            if url.strip().lower().startswith(REMOTE):
                yield Image(url, None, None, False)


def _attribute(node: Element, name: str) -> str:
    value = node.attrs.get(name)
    return value if isinstance(value, str) else ""


def _declarations(style: str) -> dict[str, str]:
    found = {}
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        found[name.strip().lower()] = value.replace("!important", "").strip()
    return found


def _css_urls(style: dict[str, str]) -> Iterator[str]:
    for name, value in style.items():
        if name.startswith("background"):
            for piece in value.split("url(")[1:]:
                yield piece.split(")")[0].strip(" \"'")


def _hidden(style: dict[str, str]) -> bool:
    return style.get("display", "").lower() == "none" or style.get("visibility", "").lower() == "hidden"


def _side(node: Element, style: dict[str, str], name: str) -> float | None:
    """Pixels, or None: an inline style outranks the attribute; per cent and other units are no pixels."""
    declared = _pixels(style.get(name, ""))
    return declared if declared is not None else _pixels(_attribute(node, name))


def _pixels(value: str) -> float | None:
    text = value.strip().lower()
    digits = "".join(takewhile(lambda c: c.isdigit() or c == ".", text))
    if text[len(digits) :].strip() not in ("", "px"):
        return None
    try:
        return float(digits)
    except ValueError:
        return None
