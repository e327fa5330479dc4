"""Newsletters as they arrive, and a catalogue that records them as the service does."""

from __future__ import annotations

from datetime import timedelta

import blocker
from blocker.catalogue import Catalogue, Seen
from blocker.catalogue.memory import CatalogueMemory
from blocker.detect.report import Report
from tests.catalogue.samples import NOON

LOGO = "https://cdn.shop.example/static/logo.png"
OWNERS = {"home": "ada@example.net", "work": "bob@example.com"}


def pixel(number: int) -> str:
    """A pixel of one mail."""
    return f"https://t.shop.example/o/{number:024x}.gif"


def letter(
    number: int,
    *urls: str,
    sender: str = "shop.example",
    to: str = "ada@example.net",
    subject: str = "",
    minute: int = 0,
) -> bytes:
    """Newsletter `number`; its subject, unless given, shares no word with another's."""
    words = subject or "".join(chr(97 + int(digit)) * 3 + " " for digit in f"{number:04}")
    images = "".join(f'<img src="{url}" width="1" height="1">' for url in urls)
    return (
        f"From: News <news@{sender}>\r\nTo: {to}\r\nSubject: {words}\r\nMessage-ID: <{number}@{sender}>\r\n"
        f"Date: Fri, 20 Nov 2026 12:{minute:02}:00 +0000\r\nContent-Type: text/html\r\n\r\n{images}\r\n"
    ).encode()


def scan(store: Catalogue, message: bytes, account: str = "home") -> Report:
    """A message of an account, judged with what the catalogue remembers."""
    return blocker.scan(message, recipients=(OWNERS[account],), memory=CatalogueMemory(store))


def record(
    store: Catalogue,
    number: int,
    message: bytes,
    account: str = "home",
    mailbox: str = "INBOX",
    days: int = 0,
) -> int:
    """Judge and record a message as the service does; `days` ago."""
    report = scan(store, message, account)
    arrived = NOON - timedelta(days=days)
    return store.record(Seen(account, mailbox, 7, number, report, arrived, len(message), "reported"))
