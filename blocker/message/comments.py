"""Downlevel-hidden conditional comments, whose markup Outlook's Word engine reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from blocker.message.html import HtmlDocument
    from blocker.message.nested import Nested

_COMMENT_CLOSING = re.compile("--!?>")
_CONDITION = re.compile(r"[ \t\n\f]*+\[if([^]]*+)\]>", re.IGNORECASE)
_HEAD = 64
_UNCLOSED = (-1, "")
_TRIES = 16
_STYLE = re.compile(r"<style(?=[\s/>])", re.IGNORECASE)
_STYLE_END = re.compile(r"</style", re.IGNORECASE)


class Sheet(NamedTuple):
    """The text of a <style>."""

    text: str
    start: int


def style_sheets(markup: str, offset: int) -> list[Sheet]:
    """The text of each <style> in a piece of markup that stands at `offset`."""
    found = []
    opening = _STYLE.search(markup)
    while opening is not None and (begin := markup.find(">", opening.end()) + 1):
        closing = _STYLE_END.search(markup, begin)
        end = closing.start() if closing is not None else len(markup)
        found.append(Sheet(markup[begin:end], offset + begin))
        opening = _STYLE.search(markup, end)
    return found


def conditional_comments(
    document: HtmlDocument | Nested, wanted: Callable[[str], bool]
) -> list[tuple[str, str, int]]:
    """Downlevel-hidden conditional comments whose markup is `wanted`: condition, markup inside, and its offset in `text`.

    Outlook's Word engine reads what stands in them (Microsoft, "About conditional comments"). Where one cannot be found
    again in the text, the document counts as cut.
    """
    text = document.text
    openings = document.glance.comments
    if not openings or not any(map(wanted, _candidates(text, openings))):
        return []
    comments = []
    for comment in document.tree.xpath_iter("//comment()"):
        data = getattr(comment, "data", "") or ""
        head = _CONDITION.match(data)
        if head is not None and wanted(data[head.end() :]):
            comments.append((head, data))
    if not comments:
        return []
    places = _comment_places(text, openings)
    found = [
        (head[1].strip(), data[head.end() :], _place(text, data, places), head.end())
        for head, data in comments
    ]
    if any(at < 0 for _, _, at, _ in found):
        document.root.cut = True
    return sorted(
        ((condition, markup, at + skipped) for condition, markup, at, skipped in found if at >= 0),
        key=itemgetter(2),
    )


def _candidates(text: str, openings: Sequence[int]) -> Iterator[str]:
    """Pieces of the text in which all that stands in conditional comments stands."""
    end = 0
    for opening in openings:
        if opening >= end:
            end = text.find("-->", opening)
            if end < 0:
                end = len(text)
            yield text[opening:end]


_Places = dict[tuple[int, str], list[int]]


def _comment_places(text: str, openings: Sequence[int]) -> _Places:
    """Where a conditional comment may begin, by the length and the head of its data.

    The tree does not tell where a comment stood, and text that looks like one may stand in an attribute.
    """
    places: _Places = {}
    end = -1
    odd = "--!>" in text
    for begin in openings:
        if end < begin:
            end = _end(text, begin, odd=odd)
        length = end - begin
        key = (length, _head(text[begin : begin + min(length, _HEAD)])) if end < len(text) else _UNCLOSED
        places.setdefault(key, []).append(begin)
    for begins in places.values():
        begins.reverse()
    return places


def _end(text: str, begin: int, *, odd: bool) -> int:
    """Where a comment that begins there is closed, the odd way too where that stands in the text; the text's end where it is not."""
    end = text.find("-->", begin)
    if odd:
        closing = _COMMENT_CLOSING.search(text, begin)
        end = closing.start() if closing is not None else -1
    return end if end >= 0 else len(text)


def _place(text: str, data: str, places: _Places) -> int:
    """Take the first place at which a comment's data stands; -1 where there is none."""
    for key in ((len(data), data[:_HEAD]), _UNCLOSED):
        begins = places.get(key, [])
        for index in range(len(begins) - 1, max(len(begins) - 1 - _TRIES, -1), -1):
            begin = begins[index]
            if text.startswith(data, begin) or _head(text[begin : begin + len(data)]) == data:
                del begins[index]
                return begin
    return -1


def _head(text: str) -> str:
    return text.replace("\0", "\ufffd")


_LOADING = (
    *("src", "url", "href", "image", "@import", "icmf", "refresh", "\\"),
    *("poster", "data", "code", "archive", "manifest"),
)
"""One of these, or the attribute `background`, stands in each conditional comment that may hold a reference."""
_BACKGROUND = re.compile(r"background\s*=")
_SHORT = 1024
"""Characters of the longest such markup that is remembered: a mail repeats the same few."""


def tells(markup: str) -> bool:
    """Whether a conditional comment may hold a reference."""
    return _short_tells(markup) if len(markup) <= _SHORT else _has_sign(markup)


def _has_sign(markup: str) -> bool:
    lowered = markup.lower()
    for sign in _LOADING:  # a generator would take longer than what it asks
        if sign in lowered:
            return True
    return _BACKGROUND.search(lowered) is not None


_short_tells = lru_cache(maxsize=2048)(_has_sign)
