"""Evidence from memory: what other messages say of a URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blocker.detect.context import Context
from blocker.detect.memory import Recollection, template
from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject
from blocker.message.urls import Url

_SHARED = reason("memory.shared")
_DIFFERS = reason("memory.differs")
_DRAWN = reason("memory.drawn")


def evidence(subject: Subject) -> Iterable[Reason]:
    """One reason at most, the one that tells most."""
    url = subject.url
    past = subject.context.past.get(url.href) if url is not None else None
    return _told(past, url, subject) if url is not None and past is not None else ()


def _told(past: Recollection, url: Url, subject: Subject) -> Iterator[Reason]:
    if past.recipients > 1:
        yield _SHARED
    elif past.differing and not _from_stock(url, subject.context):
        yield _DRAWN if subject.box.shows else _DIFFERS
    elif past.messages:
        yield reason("memory.seen", past.messages, said="one" if past.messages == 1 else "more")
    elif past.template_messages >= 2 and past.template_variants == past.template_messages:
        yield reason("memory.individual", past.template_messages + 1)


def _from_stock(url: Url, context: Context) -> bool:
    """Whether it is one of several plain pictures of one folder: chosen for the reader, but made for all."""
    return context.stock[template(url), url.path.rpartition("/")[0]] > 1
