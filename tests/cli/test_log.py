"""The log: JSON or words by one switch, each step where asked, and nothing of what a mail says."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from blocker.output.log import Form, configure, logger
from blocker.service import Event
from blocker.service.log import log_event
from tests.output.steering import hostile, steered

EVENT = Event(
    "ada", "left", "INBOX", 7, "Secret subject", "Shop <news@shop.example>", {"pixel": 1}, "it is signed"
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the whole process's: it is put back."""
    root, ours = logging.getLogger(), logging.getLogger("blocker.service")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def logged(form: Form, level: int) -> str:
    """What is written of an event, a step, a trouble, and another library's words."""
    out = io.StringIO()
    configure(form, level, out)
    log_event(EVENT)
    log_event(Event("ada", "trouble", detail="The link broke; connect again."))
    logger().debug("step", account="ada", uid=7, step="Append")
    logging.getLogger("elsewhere").warning("chatter")
    logging.getLogger("elsewhere").error("broken")
    return out.getvalue()


def test_json_is_one_object_a_line() -> None:
    """Event, place and reason by key; steps and the chatter of others are left out, their errors are not."""
    lines = [json.loads(line) for line in logged("json", logging.INFO).splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("left", "info"),
        ("trouble", "warning"),
        ("broken", "error"),
    ]
    assert {k: lines[0][k] for k in ("account", "mailbox", "uid", "detail")} == {
        "account": "ada",
        "mailbox": "INBOX",
        "uid": 7,
        "detail": "it is signed",
    }
    assert all("timestamp" in line for line in lines)


def test_words_are_for_people() -> None:
    """No JSON, one line each, steps where they are asked for."""
    text = logged("human", logging.DEBUG)
    assert "{" not in text
    assert [word for word in ("left", "trouble", "step", "broken") if word in text] == [
        "left",
        "trouble",
        "step",
        "broken",
    ]
    assert len(text.splitlines()) == 4


@pytest.mark.parametrize("form", ["json", "human"])
def test_a_server_cannot_steer_a_terminal_or_forge_an_entry(form: Form) -> None:
    """Its words in an event, a step, another library's record and a traceback: an entry a line, apart from the traceback."""
    out = io.StringIO()
    configure(form, logging.DEBUG, out)
    log_event(Event("ada", "trouble", hostile("mailbox"), 7, detail=hostile("detail")))
    logger().debug("step", why=[hostile("list")], more={hostile("key"): hostile("value")})
    logging.getLogger("elsewhere").error("chatter: %s", hostile("record"))
    assert out.getvalue().count("\n") == 3
    try:
        raise ValueError(hostile("error"))
    except ValueError:
        logger().exception("broken", account=hostile("account"))
    assert steered(out.getvalue()) == set()
    assert all(word in out.getvalue() for word in ("mailbox", "detail", "list", "key", "record", "error"))
    if form == "json":
        entries = [json.loads(line) for line in out.getvalue().splitlines()]
        assert (len(entries), entries[0]["detail"]) == (4, hostile("detail"))


@pytest.mark.parametrize("form", ["json", "human"])
def test_nothing_of_the_mail_is_logged(form: Form) -> None:
    """Neither subject nor sender, at the finest level."""
    text = logged(form, logging.DEBUG)
    assert "INBOX" in text
    assert "Secret" not in text
    assert "shop.example" not in text
