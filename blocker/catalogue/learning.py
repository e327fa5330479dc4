"""Learning from the messages that are recorded, for those that come after: digests of their URLs.

What is learnt hangs on the message's own row and goes with it, whoever forgets it and why, so that
nothing is counted that was forgotten. The digests are made without a key: the same catalogue holds the
same URLs and addresses in plain for exactly as long, so a key would hide nothing from who steals it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select

from blocker.catalogue.model import LearntMailRow, LearntUrlRow
from blocker.catalogue.plain import CHUNK, insert_plain
from blocker.detect.memory import Mail, digest, template
from blocker.detect.report import Report
from blocker.message.urls import parse
from blocker.pieces import pieces

MAX_URLS = 500
"""Different URLs of one message that are learnt and asked about: no honest mail has a tenth of it."""
_ORDINARY = 2048
"""Characters up to which a URL's numbers are remembered."""


def learn(connection: Connection, recorded: Mapping[int, Report]) -> None:
    """Learn from messages that were just recorded, by the number of their row, each mail once.

    A second copy (in another folder, put back, moved) has nothing to add. Reports that were not made
    by reading a message teach nothing.
    """
    mails = {
        id_: (report.mail, _urls(report, report.mail.sender))
        for id_, report in recorded.items()
        if report.mail is not None
    }
    copies = {number(mail.copy): id_ for id_, (mail, urls) in reversed(mails.items()) if urls}
    for known in _known(connection, copies):
        copies.pop(known, None)
    if not copies:
        return
    chosen = {id_: mails[id_] for id_ in sorted(copies.values())}
    connection.execute(insert(LearntMailRow), [_mail_values(id_, mail) for id_, (mail, _) in chosen.items()])
    rows = [
        {"message": id_, "url": url, "template": template_}
        for id_, (_, urls) in chosen.items()
        for url, template_ in urls.items()
    ]
    insert_plain(connection, LearntUrlRow, rows)


def number(digested: bytes) -> int:
    """A digest as a signed number of 64 bits, which every database has."""
    return int.from_bytes(digested, "big", signed=True)


def numbers(sender: str, href: str) -> tuple[int, int] | None:
    """What stands for a URL in a sender's mail, and for the same with its varying parts masked; None for no URL.

    Those of URLs of ordinary length are remembered: a message is first asked about, then learnt.
    """
    return _numbers(sender, href) if len(href) <= _ORDINARY else _numbers.__wrapped__(sender, href)


@lru_cache(maxsize=8192)
def _numbers(sender: str, href: str) -> tuple[int, int] | None:
    url = parse(href)
    return None if url is None else (number(digest(url.href)), number(digest(sender, template(url))))


def _urls(report: Report, sender: str) -> dict[int, int]:
    """The templates of a report's different URLs, as far as they are learnt, by URL."""
    hrefs = dict.fromkeys(judged.url for judged in report.references if judged.url)
    found = (numbers(sender, href) for href, _ in zip(hrefs, range(MAX_URLS), strict=False))
    return dict(pair for pair in found if pair is not None)


def _known(connection: Connection, copies: Iterable[int]) -> list[int]:
    wanted, found = list(copies), list[int]()
    for part in pieces(wanted, CHUNK):
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
