"""Learning from the messages that are recorded, for those that come after: digests of their URLs.

What is learnt hangs on the message's own row and goes with it, whoever forgets it and why, so that
nothing is counted that was forgotten. The digests are made without a key: the same catalogue holds the
same URLs and addresses in plain for exactly as long, so a key would hide nothing from who steals it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from blocker.catalogue.model import LearntMailRow, LearntUrlRow
from blocker.catalogue.plain import insert_plain
from blocker.detect.memory import Mail, digest, template
from blocker.detect.report import Report
from blocker.message.urls import Url, parse

MAX_URLS = 500
"""Different URLs of one message that are learnt and asked about: no honest mail has a tenth of it."""
_CHUNK = 500
"""Values in one query."""


def learn(connection: Connection, recorded: Mapping[int, Report]) -> None:
    """Learn from messages that were just recorded, by the number of their row, each mail once.

    A second copy (in another folder, put back, moved) has nothing to add. Reports that were not made
    by reading a message teach nothing.
    """
    mails = {
        id_: (report.mail, urls_of(report)) for id_, report in recorded.items() if report.mail is not None
    }
    copies = {number(mail.copy): id_ for id_, (mail, urls) in reversed(mails.items()) if urls}
    for known in _known(connection, copies):
        copies.pop(known, None)
    if not copies:
        return
    chosen = {id_: mails[id_] for id_ in sorted(copies.values())}
    connection.execute(insert(LearntMailRow), [_mail_values(id_, mail) for id_, (mail, _) in chosen.items()])
    values = [row for id_, (mail, urls) in chosen.items() for row in _url_values(id_, mail, urls)]
    insert_plain(connection, LearntUrlRow, values)


def urls_of(report: Report) -> list[Url]:
    """The different URLs of a report that would be fetched, as far as they are learnt."""
    found = dict.fromkeys(judged.url for judged in report.references if judged.url)
    parsed = (parse(href) for href, _ in zip(found, range(MAX_URLS), strict=False))
    return [url for url in parsed if url is not None]


def number(digested: bytes) -> int:
    """A digest as a signed number of 64 bits, which every database has."""
    return int.from_bytes(digested, "big", signed=True)


def url_number(url: Url) -> int:
    """The number that stands for a URL."""
    return number(digest(url.href))


def template_number(sender: str, url: Url) -> int:
    """The number that stands for a sender's URL with its varying parts masked."""
    return number(digest(sender, template(url)))


def _known(connection: Connection, copies: Iterable[int]) -> list[int]:
    wanted, found = list(copies), list[int]()
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        found += connection.scalars(select(LearntMailRow.copy).where(LearntMailRow.copy.in_(part)))
    return found


def _mail_values(message: int, mail: Mail) -> dict[str, Any]:
    people = [number(person) for person in mail.people]
    return {
        "message": message,
        "copy": number(mail.copy),
        "sender": number(digest(mail.sender)),
        "sent": mail.sent,
        "reader": people[0] if people else None,
        "second": people[1] if people[1:] else None,
        "words": b"".join(sorted(mail.words)),
    }


def _url_values(message: int, mail: Mail, urls: Iterable[Url]) -> Iterator[dict[str, Any]]:
    known = {url_number(url): url for url in urls}
    for key, url in known.items():
        yield {"message": message, "url": key, "template": template_number(mail.sender, url)}
