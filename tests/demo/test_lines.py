"""The demonstration's lines say what was found and done, and let no mail steer the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from blocker.demo.lines import line, said
from blocker.service.exchange.events import Action, Event


def event(action: Action = "replaced", **changes: object) -> Event:
    """A message that was dealt with."""
    values: dict[str, object] = {
        "account": "demo",
        "action": action,
        "mailbox": "INBOX",
        "uid": 7,
        "subject": "Issue 45",
        "sender": "The Weekly Fern <robin@weeklyfern.example>",
        "kinds": {"pixel": 1, "content": 4},
        **changes,
    }
    return Event(**values)  # type: ignore[arg-type]  # the table above names the fields


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (event(), "1 pixel removed"),
        (event(kinds={"pixel": 2, "beacon": 1}), "2 pixels, 1 beacon removed"),
        (event(kinds={"pixel": 1, "personal": 2}), "1 pixel removed, 2 personal pictures kept"),
        (event(kinds={}), "receipt request removed"),
        (event("reported", kinds={"content": 3}), "no tracker"),
        (event("reported", kinds={"personal": 1}), "no tracker, 1 personal picture kept"),
        (event("reported", kinds={"pixel": 1}), "1 pixel found"),
        (event("reported", kinds={}, partly=True, detail="parts were left out"), "parts were left out"),
        (event("reported", kinds={}, detail="a setting of the sender's"), "no tracker"),
        (event("left", detail="it is signed"), "left: it is signed"),
        (event("flagged"), "1 pixel: marked"),
        (event("copied"), "1 pixel: clean copy beside it"),
        (event("restored"), "the original is back"),
    ],
)
def test_words(given: Event, words: str) -> None:
    """Each outcome has its words, in singular and plural."""
    assert said(given) == words


def test_a_line_names_sender_and_subject() -> None:
    """The sender's name, not the address, then the subject, then what was done."""
    text = line(event())
    assert text is not None
    assert text.plain.split() == ["✓", "The", "Weekly", "Fern", "Issue", "45", "1", "pixel", "removed"]


def test_the_account_is_told_of_only_when_it_matters() -> None:
    """Being connected is no line; a refused login is one."""
    assert line(event("watching", uid=0)) is None
    refused = line(event("refused", uid=0, detail="The server refuses the login."))
    assert refused is not None
    assert "refuses the login" in refused.plain


def test_mail_cannot_steer_the_terminal() -> None:
    """Escape sequences, line ends, direction marks and rich's markup in a subject come out as text."""
    hostile = "a\x1b[31m[bold]b\x1b]8;;http://t.example\x07\r\nsecond \u202e\x9b2J"
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=False)
    told = line(event(subject=hostile, sender=hostile))
    assert told is not None
    console.print(told)
    printed = out.getvalue()
    assert printed.count("\n") == 1
    assert not {"\x1b", "\x07", "\r", "\u202e", "\x9b"} & set(printed)
    assert "[bold]b" in printed


@pytest.mark.parametrize("width", [80, 100, 200])
def test_an_ordinary_line_fits(width: int) -> None:
    """However long its subject, a line with an ordinary outcome fits the terminal."""
    told = line(event(subject="x" * 200, sender="y" * 200, kinds={"pixel": 1, "beacon": 3}), width)
    assert told is not None
    assert told.cell_len <= width
    assert told.plain.endswith("1 pixel, 3 beacons removed")


def test_wide_characters_keep_the_columns() -> None:
    """A Japanese subject takes as many cells as any other."""
    wide, narrow = line(event(subject="秋の新刊のお知らせ" * 5)), line(event(subject="x" * 90))
    assert wide is not None
    assert narrow is not None
    assert wide.cell_len == narrow.cell_len
