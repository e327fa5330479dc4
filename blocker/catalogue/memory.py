"""What the recorded messages say of the URLs of another one: the memory that the judge asks.

A message is asked about once, with all its URLs, and its own copies are never counted: recorded or
not, it is judged the same. Of each URL and each template the newest messages are looked at, so that
the answer takes as long in a large catalogue as in a small one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from blocker.catalogue.filtering import named
from blocker.catalogue.learning import MAX_URLS, number, numbers
from blocker.catalogue.model import AccountRow, LearntMailRow, LearntUrlRow
from blocker.catalogue.values import Accounts
from blocker.detect.memory import SAME_MAILING, Mail, Recollection, alike, digest
from blocker.message.urls import Url
from blocker.pieces import pieces

if TYPE_CHECKING:
    from blocker.catalogue.catalogue import Catalogue

SIGHTINGS = 8
"""Other messages with one URL that are looked at, the newest first: more are counted as these."""
VARIANTS = 24
"""Uses of one template in other messages that are looked at."""
MAILINGS = 16
"""Mails of the same sender and time to other readers that are compared."""
_AT_ONCE = 48
"""Lookups of each kind in one statement."""
_STEP = 8
"""Statements differ by multiples of this many lookups: a database keeps the few there are prepared."""
_PAST = 8
"""How many times as many rows are looked at where only some accounts count."""
_Ids = tuple[int, ...] | None
_WORD = 8
"""Octets of a digest."""


class CatalogueMemory:
    """A `blocker.detect.memory.Memory` of all that a catalogue has recorded. Safe to use from several threads.

    Asking changes nothing. Raises CatalogueError where the database cannot be read.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def recall(self, urls: Sequence[Url], mail: Mail) -> Mapping[str, Recollection]:
        """See `blocker.detect.memory.Memory`; of a message with more than `MAX_URLS` the first are known."""
        return self.recall_many([(urls, mail)])[0]

    def recall_many(self, asked: Sequence[tuple[Sequence[Url], Mail]]) -> list[Mapping[str, Recollection]]:
        """What `recall` says of each of some messages, by one state of the catalogue."""
        if not any(urls for urls, _ in asked):
            return [{} for _ in asked]
        with self._catalogue.reading() as connection:
            mine = _mine(connection, self._catalogue.only)
            return [_recall(connection, urls[:MAX_URLS], mail, mine) if urls else {} for urls, mail in asked]


def _mine(connection: Connection, accounts: Accounts) -> _Ids:
    """The rows of the accounts whose mail is looked at; None for all."""
    if accounts is None:
        return None
    return tuple(connection.scalars(select(AccountRow.id).where(named(AccountRow.name, accounts))))


def _recall(
    connection: Connection, urls: Sequence[Url], mail: Mail, mine: _Ids
) -> Mapping[str, Recollection]:
    keys = {url.href: pair for url in urls if (pair := numbers(mail.sender, url.href))}
    found = _Found(dict(keys.values()), mail)
    for row in _rows(connection, found.asked, mail, mine):
        found.add(row)
    if found.copies:
        found.compare(connection.execute(_URLS_OF, {"messages": sorted(found.copies)}))
    known = found.recollections()
    return {href: known[key] for href, (key, _) in keys.items()}


class _Row(NamedTuple):
    """A URL in another message, or another message."""

    kind: int
    """How it was found: `_SAME`, `_MAIL`, `_URL` or `_TEMPLATE`."""
    message: int
    url: int
    template: int
    reader: int | None
    second: int | None
    words: bytes | None


_SAME, _MAIL, _URL, _TEMPLATE = range(4)
"""The mail itself; mails of the same sender and time to others; messages with a URL, or with a template."""


@dataclass
class _Found:
    """What the rows that were found tell of the URLs of a message."""

    asked: Mapping[int, int]
    """The message's URLs, with their templates."""
    mail: Mail
    own: set[int] = field(default_factory=set)
    """Rows of the mail itself, which do not count. They come first."""
    copies: set[int] = field(default_factory=set)
    """Mails to other readers that may be copies of the same mailing."""
    seen: dict[int, set[int]] = field(default_factory=dict)
    """Other messages by URL."""
    shared: set[int] = field(default_factory=set)
    """URLs that somebody else got."""
    uses: dict[int, list[_Row]] = field(default_factory=dict)
    """URLs in other messages, by template."""
    differing: Mapping[int, int] = field(default_factory=dict)
    """Other readers of the mailing by template, where each got URLs that nobody else did."""

    def add(self, row: _Row) -> None:
        """Take in one row."""
        if row.kind == _SAME:
            self.own.add(row.message)
        elif row.message in self.own:
            return
        elif row.kind == _TEMPLATE:
            uses = self.uses.setdefault(row.template, [])
            if len(uses) < VARIANTS:
                uses.append(row)
        elif row.kind == _URL:
            self.seen.setdefault(row.url, set()).add(row.message)
            if self._is_other(row.reader, row.second):
                self.shared.add(row.url)
        elif self._is_other(row.reader, row.second) and alike(self.mail.words, _words(row.words or b"")):
            self.copies.add(row.message)

    @cached_property
    def _people(self) -> frozenset[int]:
        return frozenset(number(digest(address)) for address in self.mail.recipients)

    def _is_other(self, reader: int | None, second: int | None) -> bool:
        """Whether a message reached somebody else.

        Two mails to one account have its address in common, whatever else their headers name.
        """
        people = self.mail.people
        if reader is None or not people or number(people[0]) in (reader, second):
            return False
        return reader not in self._people

    def compare(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take in the URLs of `copies`, as (template, URL, reader)."""
        readers: dict[int, set[int]] = defaultdict(set)
        got_by: dict[int, set[int]] = defaultdict(set)
        template_of: dict[int, int] = {}
        for template, url, reader in rows:
            readers[template].add(reader)
            got_by[url].add(reader)
            template_of[url] = template
        common = {template_of[url] for url, people in got_by.items() if url in self.asked or len(people) > 1}
        common |= {self.asked[url] for url in self.shared}
        self.differing = {key: len(people) for key, people in readers.items() if key not in common}

    def recollections(self) -> dict[int, Recollection]:
        """What is known of each URL."""
        new = Counter(template for url, template in self.asked.items() if url not in self.seen)
        return {url: self._on(url, template, new[template]) for url, template in self.asked.items()}

    def _on(self, url: int, template: int, new: int) -> Recollection:
        messages = min(len(self.seen.get(url, ())), SIGHTINGS)
        if url in self.shared:
            return Recollection(messages, 2)
        uses = self.uses.get(template, ())
        others = len({row.message for row in uses})
        # Of several new pictures of one folder none is made anew for each mail: all but this one are variants.
        variants = len({row.url for row in uses}) + max(0, new - 1)
        return Recollection(messages, 1, others, variants, self.differing.get(template, 0))


_URLS_OF = (
    select(LearntUrlRow.template, LearntUrlRow.url, LearntMailRow.reader)
    .join(LearntMailRow, LearntMailRow.message == LearntUrlRow.message)
    .where(LearntUrlRow.message.in_(bindparam("messages", expanding=True)))
)


def _rows(connection: Connection, asked: Mapping[int, int], mail: Mail, mine: _Ids) -> Iterator[_Row]:
    """The message's own rows, then the newest others that have something in common with it."""
    urls, templates = list(asked), list(dict.fromkeys(asked.values()))
    copy = number(mail.copy)
    # Without words in its subject a mail is like no other.
    sender = number(digest(mail.sender)) if mail.words else 0
    reader = number(mail.people[0]) if mail.people else 0
    first = (copy, sender, mail.sent - SAME_MAILING, mail.sent + SAME_MAILING, copy, reader)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    for part, like in zip_longest(pieces(urls, _AT_ONCE), pieces(templates, _AT_ONCE), fillvalue=()):
        some, others = _padded(part), _padded(like)
        # Written out, because building a statement of this size takes longer than asking it.
        statement = _statement(mark, len(some), len(others), mine)
        for row in connection.exec_driver_sql(statement, (*first, *some, *others)).all():
            yield _Row(*row)


def _padded(keys: Sequence[int]) -> list[int]:
    """With zeros, which are no digest of anything, up to a multiple of `_STEP`."""
    return [*keys, *[0] * (-len(keys) % _STEP)]


@lru_cache(maxsize=128)
def _statement(mark: str, urls: int, templates: int, mine: _Ids) -> str:
    """One question for so many URLs and templates; each is answered from its own index alone.

    Where it is about some accounts alone, those of the newest messages count that lie there: the others are looked past,
    so that here too a large catalogue takes as long as a small one.
    """
    past = 1 if mine is None else _PAST
    theirs = (
        ""
        if mine is None
        else f" WHERE message IN (SELECT id FROM messages WHERE account_id IN ({_listed(mine)}))"
    )
    mail = "m.message, 0, 0, m.reader, m.second, m.words FROM learnt_mails m"
    url = (
        "u.message, u.url, u.template, m.reader, m.second, CAST(NULL AS BYTEA)"
        " FROM learnt_urls u JOIN learnt_mails m ON m.message = u.message"
    )
    newest = "ORDER BY u.message DESC LIMIT"
    pieces = [
        f"SELECT {_SAME}, {mail} WHERE m.copy = {mark}",
        f"SELECT {_MAIL}, {mail} WHERE m.sender = {mark} AND m.sent BETWEEN {mark} AND {mark} AND m.copy <> {mark}"
        f" AND m.reader <> {mark} ORDER BY m.message DESC LIMIT {past * MAILINGS}",
        # A message's own rows are among the newest, and are left out afterwards.
        *[f"SELECT {_URL}, {url} WHERE u.url = {mark} {newest} {past * (SIGHTINGS + 1)}"] * urls,
        *[f"SELECT {_TEMPLATE}, {url} WHERE u.template = {mark} {newest} {past * 2 * VARIANTS}"] * templates,
    ]
    return " UNION ALL ".join(f"SELECT * FROM ({piece}) AS q{n}{theirs}" for n, piece in enumerate(pieces))


def _listed(ids: tuple[int, ...]) -> str:
    """Numbers of rows as they stand in a statement; 0 is no row's."""
    return ", ".join(str(one) for one in (*ids, 0))


def _words(digests: bytes) -> frozenset[bytes]:
    return frozenset(digests[at : at + _WORD] for at in range(0, len(digests), _WORD))
