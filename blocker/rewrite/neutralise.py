"""Neutralising a message at a level, and restoring the original.

What is promised: outside the neutralised spans and our one header field every byte stays; restoring
gives the original back; neutralising twice changes nothing more. A message that is signed or
encrypted, or cannot be edited with certainty, is left alone and says why. What was found beyond the bound of judging is
taken out unjudged, and a message of which not everything could be looked at says so, in its report or as a refusal.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.detect.judge import scan
from blocker.detect.report import Judged, Report
from blocker.message.html import HtmlDocument
from blocker.message.mime import Enclosure
from blocker.message.read import read as read_message
from blocker.message.references import Reference
from blocker.rewrite import marker as marks
from blocker.rewrite.check import MAX_PLACES, Edited, objection
from blocker.rewrite.patch import (
    MAX_CARRIED,
    MAX_INFLATED,
    Edit,
    PatchError,
    apply_edits,
    pack,
    reverse,
    travels,
    unpack,
)
from blocker.rewrite.replacement import replacement
from blocker.rewrite.splice import Replacement, Uneditable, lift, shifted, splice

Kept = Callable[[str], bytes | None]
"""Gives a patch by the hexadecimal SHA-256 of the neutralised message from the end of our field on."""
SIGNED = "it is signed or encrypted, and a change would break that"


class RestoreError(ValueError):
    """The message cannot be turned back; the text says why."""


@dataclass(frozen=True, slots=True)
class Neutralised:
    """The outcome of neutralising one message."""

    raw: bytes
    """The message to use: neutralised, or exactly as given."""
    report: Report
    patch: bytes | None = None
    """The packed patch that undoes the change; None where nothing changed."""
    refused: str | None = None
    """Why a message that should change was left alone, in words."""

    @property
    def changed(self) -> bool:
        """Whether `raw` differs from what was given."""
        return self.patch is not None


def neutralise(
    raw: bytes,
    *,
    level: Level | str = DEFAULT_LEVEL,
    report: Report | None = None,
    key: bytes | None = None,
    recipients: Sequence[str] = (),
) -> Neutralised:
    """Neutralise a message.

    `level` is a level or its name; ValueError where there is none of that name.
    `report` is what `scan` said of these very bytes (it is asked again where it is not given).
    `key` is the installation's key, which signs our header field.
    """
    level = Level(level)
    if report is None or not _belongs(report, raw):
        report = scan(raw, recipients=recipients)
    if (_doomed(report, level) or report.receipts or report.unjudged) and not report.signed:
        own = marks.read(raw, key)
        again = _again(raw, own, level, report, key, recipients) if own is not None and own.valid else None
        if again is not None:
            return again
    return _as_it_is(raw, report, level, key)


def _as_it_is(raw: bytes, report: Report, level: Level, key: bytes | None) -> Neutralised:
    """A message neutralised, whatever field of ours it may carry."""
    doomed = _doomed(report, level)
    if not doomed and not report.receipts and not report.unjudged:
        return Neutralised(raw, report, refused=report.error)
    if report.signed:
        return Neutralised(raw, report, refused=SIGNED)
    try:
        places = _places(raw, report, level)
        edits, edited = _edits(report, places)
        ours, patch = _field(raw, edits, level, report, doomed, key)
        edits.insert(0, ours)
        new = apply_edits(raw, edits)
        why = objection(raw, new, edits, edited, {place.raw for place in places})
        if why is not None:
            raise Uneditable(why)
    except (Uneditable, PatchError) as error:
        return Neutralised(raw, report, refused=str(error))
    return Neutralised(new, report, patch)


def restore(raw: bytes, kept: Kept | None = None, *, key: bytes | None = None) -> bytes:
    """The original of a neutralised message, byte for byte; its digest is checked.

    With the installation's `key` only its own work is turned back: what anybody else may have written is not even
    unfolded. Without one, whoever changed the message, one change is undone, and it has small bounds. `kept` gives a
    patch that was too large for the header. Fields that others put before ours (Received and the like) stay. Raises
    RestoreError.
    """
    found = marks.read(raw, key)
    if found is None:
        raise RestoreError(f"This message carries no {marks.NAME} field: unpixel did not change it.")
    if found.keyed and not found.signed:
        raise RestoreError(f"The {marks.NAME} field of this message is not of this installation.")
    if not found.intact:
        raise RestoreError(
            "The message was changed after it was neutralised: take the original from the quarantine folder."
        )
    patch, most = found.patch, MAX_INFLATED if found.signed else MAX_CARRIED
    if patch is None and kept is not None:
        patch, most = kept(hashlib.sha256(memoryview(raw)[found.end :]).hexdigest()), MAX_INFLATED
    if patch is None:
        raise RestoreError(
            "The undo patch of this message is too large for its header, and the catalogue does not have it: "
            "take the original from the quarantine folder."
        )
    try:
        original = apply_edits(raw[found.end :], unpack(patch, most))
    except PatchError as error:
        raise RestoreError(f"The undo patch cannot be used: {error}.") from error
    if hashlib.sha256(original).hexdigest() != found.sha256:
        raise RestoreError("The undo patch does not lead to the original: its digest differs.")
    return raw[: found.start] + original


def _belongs(report: Report, raw: bytes) -> bool:
    """Whether a report still holds its spans and is of these bytes."""
    return report.raw == raw and all(judged.reference is not None for judged in report.references)


def _doomed(report: Report, level: Level) -> list[Judged]:
    return [judged for judged in report.references if judged.verdict.kind in level.takes]


def _again(
    raw: bytes, own: marks.Marker, level: Level, report: Report, key: bytes | None, recipients: Sequence[str]
) -> Neutralised | None:
    """A message that we neutralised before: its original is judged, at the level now asked for.

    None where the field cannot be trusted, so that the message is treated as any other.
    """
    try:
        original = restore(raw, key=key)
    except RestoreError:
        return None
    # What the original carries was not written by us, as we turn our own work back before we change a message again.
    anew = _as_it_is(original, scan(original, recipients=recipients), level, key)
    if anew.raw == raw or (key is None and anew.changed and _without_field(anew.raw) == _without_field(raw)):
        return Neutralised(raw, report)
    return anew if own.signed and anew.changed else None


def _without_field(raw: bytes) -> bytes:
    """A neutralised message without our field: without a key nobody can write it again."""
    found = marks.read(raw)
    return raw if found is None else raw[: found.start] + raw[found.end :]


def _places(raw: bytes, report: Report, level: Level) -> list[Reference]:
    """Every place to edit: at any level all beyond the bound of judging, behind which nobody may hide a pixel."""
    if not report.unjudged:
        return [judged.reference for judged in _doomed(report, level) if judged.reference is not None]
    found = read_message(raw, most=MAX_PLACES).references
    judged = len(report.references)
    return [
        place
        for number, place in enumerate(found)
        if number >= judged or report.references[number].verdict.kind in level.takes
    ]


def _edits(report: Report, places: Sequence[Reference]) -> tuple[list[Edit], list[Edited]]:
    """All edits of the raw message, ascending, and the parts of HTML that they change."""
    edits = [Edit(*receipt.span, b"") for receipt in report.receipts]
    edited: list[tuple[int, Edited]] = []
    placed: dict[Enclosure | None, list[Edit]] = {}
    by_document: dict[int, tuple[HtmlDocument, dict[tuple[int, int], str]]] = {}
    for reference in places:
        document = reference.document
        _, spans = by_document.setdefault(id(document), (document, {}))
        spans.setdefault(reference.text_span, replacement(reference.place))
    for document, spans in by_document.values():
        part = document.part
        found, text = splice(document, _wanted(document, spans))
        placed.setdefault(part.enclosure, []).extend(shifted(found, part.start))
        edited.append(
            (part.start, Edited(document.kind, part.encoding, part.charset, document.text, text, part.alone))
        )
    edits += lift(placed)
    edits.sort()
    return edits, [part for _, part in sorted(edited)]


def _wanted(document: HtmlDocument, spans: Mapping[tuple[int, int], str]) -> list[Replacement]:
    wanted: list[Replacement] = []
    for (start, end), new in sorted(spans.items(), key=lambda item: (item[0][0], -item[0][1])):
        if start == end:
            raise Uneditable(f"a place in part {document.part.path} cannot be told with certainty")
        if not wanted or start >= wanted[-1].end:
            wanted.append(Replacement(start, end, new))
        elif end > wanted[-1].end:  # two programs read what stands there in different ways
            wanted[-1] = wanted[-1]._replace(end=end)
    return wanted


def _field(
    raw: bytes,
    edits: Sequence[Edit],
    level: Level,
    report: Report,
    doomed: Sequence[Judged],
    key: bytes | None,
) -> tuple[Edit, bytes]:
    """Our field as an edit, and the packed patch."""
    head = _after_envelope_line(raw)
    original = raw[head:]
    edits = [Edit(edit.start - head, edit.end - head, edit.new) for edit in edits]
    if edits and edits[0].start < 0:
        raise Uneditable("a change would touch the mbox separator line")
    if original.startswith((b" ", b"\t")):
        raise Uneditable("its header begins with a folded line, which would become part of another field")
    neutralised = apply_edits(original, edits)
    patch = pack(reverse(original, edits))
    counts: Counter[str] = Counter(judged.verdict.kind for judged in doomed)
    counts["receipts"] = len(report.receipts)
    counts["unjudged"] = report.unjudged
    newline = b"\r\n" if raw[: raw.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
    ours = marks.field(level, counts, patch if travels(patch) else None, original, neutralised, key, newline)
    return Edit(head, head, ours), patch


def _after_envelope_line(raw: bytes) -> int:
    """Offset of the first header field: after the `From ` line of an mbox."""
    return raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
