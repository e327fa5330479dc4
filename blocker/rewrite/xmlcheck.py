"""For the second opinion: XML as expat reads it, which had no part in finding references.

It fetches nothing: an external entity is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message
from html.entities import html5
from xml.parsers import expat

MEANS = 8
"""How many times as much as a document holds may be read of it, each entity that is put in counted again."""
MEANS_AT_LEAST = 1 << 18
MAX_WITH_ENTITIES = 256 << 10
"""Characters of a document with entities that is read at all: expat puts them in before it says so."""
_EVENT = 12
"""Characters that what begins or ends somewhere counts as, beside its name and values: it takes that long."""
_PARAMETER = re.compile(r"%[^\s%;<>]{1,200};")
_NAMED = re.compile(r"&([A-Za-z][0-9A-Za-z]{1,31};)")
_DECLARED = re.compile(r"<!ENTITY\s++([^\s%<>&;\"']++)")
_OF_XML = frozenset({"lt;", "gt;", "amp;", "quot;", "apos;"})
_TYPES = frozenset({"text/xml", "application/xml"})
_NAMES = (".xhtml", ".xht", ".svg", ".xml", ".xsl", ".xslt", ".rss", ".atom")

Meant = Callable[[str, str], bool]
Event = tuple[str, dict[str, str], str]
"""An element's name and attributes, or an instruction's name and text, with the text since the one before.

The text of a <style> comes whole with its end, as browsers take it: what stands in it stands beside its text.
"""


class _TooMuch(Exception):
    """The document says more than is read."""


def is_xml(part: Message) -> bool:
    """Whether a part is XML."""
    kind = part.get_content_type()
    return kind in _TYPES or kind.endswith("+xml") or (part.get_filename() or "").lower().endswith(_NAMES)


def agrees(before: str, after: str, meant: Meant) -> bool | None:
    """Whether two documents differ in nothing but what was meant; None where expat sees no difference, or too little.

    Some programs put parameter entities in and some do not: one of them has to see what was meant.
    """
    agreed = _agree(before, after, meant)
    if agreed is False and "<!ENTITY %" in before:
        agreed = _agree(_PARAMETER.sub("", before), _PARAMETER.sub("", after), meant)
    return agreed


def _agree(before: str, after: str, meant: Meant) -> bool | None:
    old, new = _events(before), _events(after)
    if old is None or new is None or old == new:
        return None
    return len(old) == len(new) and all(map(_pairs_with(meant), old, new))


def said(text: str) -> str:
    """All values and text of a document that may be XML, a line each; it begins with its type, or its first tag."""
    begin = text.find("<!DOCTYPE") if "<!DOCTYPE" in text else max(text.find("<"), 0)
    events = _events(text[begin:]) or []
    lines = [line for _, attributes, between in events for line in (*attributes.values(), between)]
    return "\n".join(filter(None, lines))


def _pairs_with(meant: Meant) -> Callable[[Event, Event], bool]:
    def alike(was: Event, now: Event) -> bool:
        if was == now:
            return True
        names, others = was[1], now[1]
        values = [(was[2], now[2]), *((names[name], others.get(name, "")) for name in names)]
        same = was[0] == now[0] and names.keys() == others.keys()
        return same and all(old == new or meant(old, new) for old, new in values)

    return alike


def _events(text: str) -> list[Event] | None:
    """What a document holds, up to where it is not well formed; None where it is too much."""
    if len(text) > MAX_WITH_ENTITIES and "<!ENTITY" in text:
        return None
    reader = _Reader(MEANS * len(text) + MEANS_AT_LEAST)
    try:
        reader.parser.Parse(_with_characters(text), True)
    except expat.ExpatError:
        pass
    except (_TooMuch, ValueError):  # ValueError: half a surrogate pair
        return None
    return [*reader.events, ("", {}, reader.rest)]


def _with_characters(text: str) -> str:
    """The document with HTML's named characters put in, which browsers know by its public type and expat passes over."""
    if _NAMED.search(text) is None:
        return text
    own = _OF_XML.union(f"{name};" for name in _DECLARED.findall(text))
    return _NAMED.sub(lambda found: found[0] if found[1] in own else html5.get(found[1], found[0]), text)


class _Reader:
    def __init__(self, means: int) -> None:
        self.events: list[Event] = []
        self._texts: list[list[str]] = [[]]
        """Of each open element, what was not taken yet."""
        self._sheets = [False]
        """Whether each is a <style>."""
        self._means = means
        self.parser = expat.ParserCreate()
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.ProcessingInstructionHandler = lambda name, data: self.take(f"?{name}", {"": data})
        self.parser.CharacterDataHandler = self._characters
        self.parser.ExternalEntityRefHandler = lambda *_: 1

    def take(self, name: str, attributes: dict[str, str], *, ends: bool = False) -> None:
        """Remember what begins or ends here."""
        self._spend(_EVENT + len(name) + sum(map(len, attributes.values())))
        text = [] if self._sheets[-1] and not ends else self._texts[-1]
        self.events.append((name, attributes, "".join(text)))
        text.clear()

    @property
    def rest(self) -> str:
        """The text of all that was not closed."""
        return "".join(piece for texts in self._texts for piece in texts)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.take(name, attributes)
        self._texts.append([])
        self._sheets.append(name.rpartition(":")[2] == "style")

    def _end(self, name: str) -> None:
        self.take(f"/{name}", {}, ends=True)
        self._texts.pop()
        self._sheets.pop()

    def _characters(self, text: str) -> None:
        self._spend(len(text))
        self._texts[-1].append(text)

    def _spend(self, characters: int) -> None:
        self._means -= characters
        if self._means < 0:
            raise _TooMuch
