"""Evidence from identity: the recipient's address in the URL, plain or in one of its disguises, and his name."""

from __future__ import annotations

from collections.abc import Iterator

from blocker.detect import disguises, names
from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject
from blocker.detect.traits import Traits

_RULES = {"address": "identity.address", "digest": "identity.digest", "other": "identity.other"}
MAX_NAME = 24
"""Characters of a name that are told."""


def evidence(subject: Subject) -> Iterator[Reason]:
    """Reasons from addresses in the URL (the recipients', or any other that is not the sender's own) and from names."""
    raw, context, url = subject.reference.raw, subject.context, subject.url
    if not _nothing_to_find(raw, subject.own):
        text = raw[: disguises.MAX_TEXT]
        found = disguises.find(text, context.recipients, context.sender_domain, context.searches)
        if found is not None:
            yield reason(_RULES[found.what], found.form)
    name = names.find(url, context.names) if url is not None and context.names else ""
    if name:
        yield reason("identity.name", name[:MAX_NAME])


def _nothing_to_find(raw: str, own: Traits | None) -> bool:
    """Whether the URL is words alone, in which no address stands in any form."""
    if own is None or "@" in raw or "%" in raw or "=" in raw or "_at_" in raw:
        return False
    return not (own.bits or own.folder_bits or own.file_bits)
