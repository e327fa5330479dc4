"""The ways in which mail programs read one and the same part.

A header that declares two encodings, or a charset that browsers and mail programs take for different ones, gives two texts.
The one with most markup is the part's; what another one loads besides is found too, and never edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from blocker.message import declared
from blocker.message.charset import Codec, other_codecs
from blocker.message.html import HtmlDocument
from blocker.message.labels import meaning
from blocker.message.mime import Part
from blocker.message.references import Reference, references
from blocker.message.transfer import LINES, UNPADDED, URL_SAFE, is_padded, is_strayed

MAX_OTHERS = 8
"""Other readings of one part that are tried."""


_TAG = re.compile("<[A-Za-z/!?]")


class Reading:
    """A document and the references in it."""

    __slots__ = ("document", "found")

    def __init__(self, document: HtmlDocument) -> None:
        self.document = document
        self.found: list[Reference] = list(references(document))

    @property
    def weight(self) -> tuple[int, int]:
        """How much there is to it: tags first, for an edit changes none, so that the same reading is chosen after it."""
        fetched = sum(reference.url is not None for reference in self.found)
        return len(_TAG.findall(self.document.text)), fetched


def is_certain(document: HtmlDocument) -> bool:
    """Whether every program decodes the part alike, as nearly always."""
    part = document.part
    encodings = declared.encodings(part.headers.first("content-transfer-encoding"))
    sound = document.sound and encodings[0] == "base64"
    if len(encodings) > 1 or (not sound and _in_doubt(encodings[0], part)) or _inherited(part):
        return False
    value = part.headers.first("content-type")
    label = declared.charset(value)
    return not other_codecs(document.decoded, label) and not declared.charsets(value)


def _in_doubt(encoding: str, part: Part) -> list[str]:
    """How else a body is decoded that is no sound base64 or quoted-printable."""
    if encoding == "base64" and is_strayed(part.body):
        return [LINES, URL_SAFE, "8bit"]
    return [UNPADDED] if encoding == "quoted-printable" and is_padded(part.body) else []


def _inherited(part: Part) -> list[str]:
    """How a part is decoded by programs that decode the multipart around it whole, where it is encoded indeed."""
    if part.inherited == "base64":
        return ["base64"] if not is_strayed(part.body) else []
    # Any markup has attributes, and so this sign.
    return ["quoted-printable"] if part.inherited and b"=3D" in part.body else []


def chosen(
    sources: Sequence[HtmlDocument], strangers: Sequence[HtmlDocument]
) -> tuple[list[Reading], list[Reference]]:
    """Each part by the reading with most markup, and the references that only another reading has.

    `sources` are the parts of the tree, `strangers` what stands in `Structure.others`.
    """
    best: list[Reading] = []
    rest: list[Reading] = []
    for source in sources:
        readings = [Reading(HtmlDocument(part, source.kind, source.shared)) for part in _others(source)]
        # What is encoded indeed stays so when it is edited: that reading comes before the one that shows the encoding.
        readings.insert(len(_inherited(source.part)), Reading(source))
        readings += [Reading(other) for other in strangers if _same(other.part, source.part)]
        first = max(readings, key=lambda reading: reading.weight)
        best.append(first)
        rest += [reading for reading in readings if reading is not first]
    known = {_place(source.part) for source in sources}
    rest += [Reading(other) for other in strangers if _place(other.part) not in known]
    for reading in best:
        reading.document.part.alone = False
    return best, list(_besides(best, rest))


def _besides(best: Sequence[Reading], rest: Sequence[Reading]) -> Iterator[Reference]:
    seen = {reference.raw for reading in best for reference in reading.found}
    for reading in rest:
        reading.document.part.doubtful = True
        for reference in reading.found:
            if reference.raw not in seen and reference.url is not None:
                seen.add(reference.raw)
                yield reference


def _same(first: Part, second: Part) -> bool:
    return _place(first) == _place(second)


def _place(part: Part) -> tuple[int, int, int]:
    return id(part.headers.raw), part.start, part.end


def _others(source: HtmlDocument) -> list[Part]:
    """The same part as it is decoded in other ways."""
    if is_certain(source):
        return []
    part = source.part
    said = declared.encodings(part.headers.first("content-transfer-encoding"))
    encodings = [*_inherited(part), *said, part.encoding]
    encodings += _in_doubt(part.encoding, part)
    decoded = [source.part] + [
        replace(part, decoding=name) for name in dict.fromkeys(encodings) if name != part.encoding
    ]
    labels = declared.charsets(part.headers.first("content-type"))
    found = decoded[1:]
    for one in decoded:
        data = source.decoded if one is part else HtmlDocument(one, source.kind, source.shared).decoded
        codecs = (*other_codecs(data, part.charset), *(Codec(meaning(label).codec) for label in labels))
        found += [replace(one, codec=codec) for codec in dict.fromkeys(codecs)]
    return found[:MAX_OTHERS]
