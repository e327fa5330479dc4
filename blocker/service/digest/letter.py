"""A week as a mail: text and HTML, without a link, a picture, or anything else that names a place elsewhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from itertools import groupby

from blocker.config import AccountConfig
from blocker.output.safe import line
from blocker.service.digest.week import Week
from blocker.service.digest.words import WORDS, Words

_LONGEST = 100
"""Characters of a name that strangers chose."""


def message_id(key: bytes, account: str, monday: date) -> str:
    """The Message-ID of an account's digest of a week: always the same, and one that no stranger can know."""
    told = f"digest\0{account}\0{monday.isoformat()}".encode()
    return f"<{hmac.new(key, told, hashlib.sha256).hexdigest()[:32]}.{monday:%Y%m%d}@digest.unpixel.invalid>"


def letter(week: Week, account: AccountConfig, key: bytes, now: datetime) -> bytes:
    """The mail, with CRLF at its line ends."""
    words = WORDS[account.language]
    blocks = list(_blocks(week, account.name, words))
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("unpixel", addr_spec=account.address)
    made["To"] = Address(addr_spec=account.address)
    made["Subject"] = words.subject.format(week.tracked, week.messages)
    made["Date"] = now
    made["Message-ID"] = message_id(key, account.name, week.monday)
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = account.language
    made.set_content(_text(blocks), cte="quoted-printable")
    made.add_alternative(_html(blocks, account.language), subtype="html", cte="quoted-printable")
    return made.as_bytes()


Block = tuple[str, str]
"""(kind, text): a heading (`h2`), a paragraph (`p`) or a row of a list (`li`)."""


def _blocks(week: Week, name: str, words: Words) -> Iterator[Block]:
    yield "p", words.week.format(name, words.day(week.monday), words.day(week.sunday))
    read = words.read if week.tracked else words.none
    yield "p", read.format(week.messages, week.tracked)
    if week.prevented:
        yield "p", words.prevented.format(week.prevented)
    yield from _list(words.senders, [f"{_name(who)}: {number}" for who, number in week.senders])
    yield from _list(words.vendors, [f"{_name(who)}: {number}" for who, number in week.vendors])
    yield from _list(words.new, [_name(who) for who in (*week.new_vendors, *week.new_senders)])
    left = [words.open.format(week.open)] if week.open else []
    left += [words.undecided.format(_name(who), _name(who)) for who in week.undecided]
    yield from _list(words.decide, left or [words.nothing])
    yield "p", words.why


def _list(heading: str, rows: Sequence[str]) -> Iterator[Block]:
    if rows:
        yield "h2", heading
        yield from (("li", row) for row in rows)


def _name(text: str) -> str:
    return line(text, _LONGEST)


def _text(blocks: Sequence[Block]) -> str:
    shown = {"h2": "\n{}\n", "p": "\n{}\n", "li": "- {}\n"}
    return "".join(shown[kind].format(text) for kind, text in blocks).lstrip("\n")


def _html(blocks: Sequence[Block], language: str) -> str:
    parts = []
    for kind, some in groupby(blocks, key=lambda block: block[0]):
        inner = "\n".join(f"<{kind}>{escape(text)}</{kind}>" for _, text in some)
        parts.append(f"<ul>\n{inner}\n</ul>" if kind == "li" else inner)
    return f'<!DOCTYPE html>\n<html lang="{language}">\n<body>\n' + "\n".join(parts) + "\n</body>\n</html>\n"
