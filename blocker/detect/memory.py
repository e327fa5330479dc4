"""What was seen before of a URL, and what that tells.

A URL that two people received singles out neither. A URL whose *template* (the host and path with
the varying parts masked) comes with a new value in every mail of a sender is made for each mail; one
that comes with another value to another recipient of the same *mailing* is made for its reader.
Only digests are kept, so that a memory tells nobody which URLs it has seen.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from blocker.detect.tokens import opacity
from blocker.message.once import once
from blocker.message.urls import SHORT_URL, Url

MAX_URLS = 200_000
"""URLs (and templates, and places in mailings) that a memory in RAM holds; what was longest unseen is forgotten."""
MAX_SENDERS = 20_000
MAX_MAILINGS = 16
"""Recent mailings of one sender that are told apart."""
MAX_PEOPLE = 4
"""Recipients of one URL that are told apart: a second one settles what is asked."""
SAME_MAILING = 20 * 3600
"""Seconds between two copies of one mailing: sending by time zone takes most of a day, a daily letter a whole one."""

T = TypeVar("T")

_ID = re.compile(r"[0-9]|[a-z][A-Z]")
"""A digit, or a capital amid small letters."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_LONG = 24
_MAX_WORDS = 32


class Mail:
    """What a memory is told of the message in which a URL stands."""

    def __init__(
        self, sender: str, recipients: Sequence[str], subject: str = "", sent: float = 0.0, name: str = ""
    ) -> None:
        self.sender = sender
        """Domain of the From address."""
        self.recipients = tuple(recipients)
        self.subject = subject
        self.sent = sent
        """Seconds since 1970; 0 where the Date field cannot be read."""
        self.name = name
        """What no other message has: its Message-ID, or a digest of its bytes."""

    @once
    def copy(self) -> bytes:
        """Digest that every copy of this mail has, whichever folder it lies in.

        A sender who gives all mail one Message-ID gains nothing: date and subject count too.
        """
        return digest(self.sender, self.subject, str(self.sent), self.name)

    @once
    def people(self) -> tuple[bytes, ...]:
        """Digests of those it was sent to, as far as they count; those whose account it reached first."""
        return tuple(digest(r) for r in self.recipients[:2])

    @once
    def words(self) -> frozenset[bytes]:
        """Digests of the words of the subject: two copies of one mailing share most of them."""
        found = _WORD.findall(self.subject[:1000].lower())[:_MAX_WORDS]
        return frozenset(digest(word) for word in found)


class Recollection(NamedTuple):
    """What is known of a URL from other messages."""

    messages: int
    """Other messages in which the very same URL stood."""
    recipients: int
    """Different recipients of all messages with it, this one's included."""
    template_messages: int = 0
    """Other messages of this sender in which a URL of the same template stood."""
    template_variants: int = 0
    """Different URLs among those."""
    differing: int = 0
    """Other recipients of the same mailing, all of whom got other URLs of this template."""


class Memory(Protocol):
    """Asked by the judge; given by a folder's first pass or by the catalogue."""

    def recall(self, urls: Sequence[Url], mail: Mail) -> Mapping[str, Recollection]:
        """What other messages say of a message's URLs, all asked at once; by `Url.href`.

        A URL that is left out is one that nothing is known of.
        """


def template(url: Url) -> str:
    """The URL with its varying parts masked: names and path pieces that carry an id, query values."""
    return _short_template(url) if len(url.href) <= SHORT_URL else _template(url)


def _template(url: Url) -> str:
    path = "/".join(map(_steady, url.path[:1024].split("/")))
    return f"{_steady_host(url.host)}{path}?{'&'.join(map(_masked, url.query[1:1024].split('&')))}"


_short_template = lru_cache(maxsize=4096)(_template)
"""Asked for by several families of evidence, and again with each mail that shows the same picture."""


@lru_cache(maxsize=1024)
def _steady_host(host: str) -> str:
    labels = host.split(".")
    return ".".join([*map(_steady, labels[:-2]), *labels[-2:]])


def _steady(piece: str) -> str:
    """The piece, or a star where it carries an id."""
    return "*" if len(piece) >= _LONG else _short_steady(piece)


@lru_cache(maxsize=8192)
def _short_steady(piece: str) -> str:
    return "*" if _ID.search(piece) is not None or opacity(piece) > 0 else piece


def _masked(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}=*" if equals else _steady(name)


def digest(*parts: str) -> bytes:
    """Eight octets that stand for a text."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()


class _Mailing(NamedTuple):
    """One sending of one text to many."""

    number: int
    words: frozenset[bytes]
    sent: float


class _Place(NamedTuple):
    """A template within a mailing."""

    people: tuple[bytes, ...]
    """Its readers, one digest each, as far as they are told apart."""
    common: bool
    """Two readers got the same URL in it."""


class FolderMemory:
    """Memory of one run over several messages: `learn` each of them first, then judge.

    What it holds is bounded; it never fails and never answers differently to the same question in the
    same state.
    """

    def __init__(self) -> None:
        self._urls: OrderedDict[bytes, tuple[int, tuple[bytes, ...]]] = OrderedDict()
        self._templates: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        self._places: OrderedDict[bytes, _Place] = OrderedDict()
        self._mailings: OrderedDict[bytes, tuple[_Mailing, ...]] = OrderedDict()
        self._copies: OrderedDict[bytes, None] = OrderedDict()
        self._numbers = 0

    def learn(self, urls: Iterable[Url], mail: Mail) -> None:
        """Take in one message and its URLs; a second copy of it in the same hands tells nothing new."""
        people = mail.people
        if mail.name:
            copy = digest(mail.copy.hex(), _reader(people).hex())
            if copy in self._copies:
                return
            self._copies[copy] = None
        mailing = self._join(mail)
        new: dict[str, int] = {}
        common: dict[str, bool] = {}
        for url in dict.fromkeys(urls):
            shape, key = template(url), digest(url.href)
            count, known = self._urls.pop(key, (0, ()))
            self._urls[key] = (count + 1, tuple(dict.fromkeys((*known, *people)))[:MAX_PEOPLE])
            new[shape] = new.get(shape, 0) + (count == 0)
            common[shape] = common.get(shape, False) or not set(known) <= set(people)
        for shape, fresh in new.items():
            key = digest(mail.sender, shape)
            messages, variants = self._templates.pop(key, (0, 0))
            self._templates[key] = (messages + 1, variants + fresh)
            if mailing is not None and people:
                self._fill(_place(mailing, shape), people, common[shape])
        self._forget()

    def recall(self, urls: Sequence[Url], mail: Mail) -> Mapping[str, Recollection]:
        """See `Memory`; this message itself was learnt too and is not counted."""
        mailings: list[_Mailing | None] = []
        return {url.href: self._of(url, mail, mailings) for url in urls}

    def _of(self, url: Url, mail: Mail, mailings: list[_Mailing | None]) -> Recollection:
        """`mailings` is empty until the mailing was asked for: most messages need not be told whose copies they are."""
        people = mail.people
        count, known = self._urls.get(digest(url.href), (1, ()))
        together = max(len(people), 1)
        everybody = len({*known, *people})
        if everybody > together:
            return Recollection(count - 1, everybody)
        shape = template(url)
        messages, variants = self._templates.get(digest(mail.sender, shape), (1, 1))
        differing = 0
        if messages > 1:
            if not mailings:
                mailings.append(self._find(mail))
            differing = self._differing(shape, mailings[0], people)
        return Recollection(count - 1, 1, messages - 1, variants - 1, differing)

    def _differing(self, shape: str, mailing: _Mailing | None, people: tuple[bytes, ...]) -> int:
        place = self._places.get(_place(mailing, shape)) if mailing is not None else None
        if place is None or place.common:
            return 0
        return len({*place.people} - {_reader(people)})

    def _fill(self, key: bytes, people: tuple[bytes, ...], common: bool) -> None:
        old = self._places.pop(key, _Place((), False))
        readers = tuple(dict.fromkeys((*old.people, _reader(people))))[:MAX_PEOPLE]
        self._places[key] = _Place(readers, old.common or common)

    def _find(self, mail: Mail) -> _Mailing | None:
        """The mailing that a message is a copy of."""
        words = mail.words
        for mailing in reversed(self._mailings.get(digest(mail.sender), ())):
            if abs(mailing.sent - mail.sent) <= SAME_MAILING and alike(words, mailing.words):
                return mailing
        return None

    def _join(self, mail: Mail) -> _Mailing | None:
        """The mailing that a message is a copy of, the first copy seen making it."""
        found = self._find(mail)
        if found is not None or not mail.words:
            return found
        key = digest(mail.sender)
        self._numbers += 1
        found = _Mailing(self._numbers, mail.words, mail.sent)
        self._mailings[key] = (*self._mailings.pop(key, ()), found)[-MAX_MAILINGS:]
        return found

    def _forget(self) -> None:
        _trim(self._urls, MAX_URLS)
        _trim(self._templates, MAX_URLS)
        _trim(self._places, MAX_URLS)
        _trim(self._mailings, MAX_SENDERS)
        _trim(self._copies, MAX_URLS)


def _trim(table: OrderedDict[bytes, T], most: int) -> None:
    while len(table) > most:
        table.popitem(last=False)


def alike(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    """Whether two subjects say the same but for a name: at least half of all their words."""
    return bool(one) and 2 * len(one & other) >= len(one | other)


def _place(mailing: _Mailing, shape: str) -> bytes:
    return digest(str(mailing.number), shape)


def _reader(people: tuple[bytes, ...]) -> bytes:
    return b"".join(sorted(people))
