"""What the demonstration prints: one line a message, from what the service tells.

Subjects and senders come from mail: they are shown as `styled` makes them fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr

from rich.text import Text

from blocker.output import safe
from blocker.output.styles import styled
from blocker.service.exchange.events import Action, Event

SENDER_CELLS = 20
OUTCOME_CELLS = 34
"""Kept free for what was done, where the terminal is narrow."""
SUBJECT_CELLS = (12, 44)
"""At least and at most."""

_TRACKERS = ("pixel", "beacon")
_MARKS: Mapping[Action, tuple[str, str]] = {
    "reported": ("·", "dim"),
    "flagged": ("!", "yellow"),
    "copied": ("✓", "green"),
    "replaced": ("✓", "green"),
    "left": ("–", "yellow"),
    "restored": ("↺", "cyan"),
    "paused": ("–", "yellow"),
    "refused": ("✗", "red"),
    "trouble": ("✗", "red"),
}


def line(event: Event, width: int = 100) -> Text | None:
    """One line about a message or a trouble, for a terminal of `width` cells; None for what a person need not see."""
    if event.action == "watching":
        return None
    mark, style = _MARKS[event.action]
    if not event.uid:
        return styled(f"{mark} {event.detail}", style)
    least, most = SUBJECT_CELLS
    subject = max(least, min(most, width - SENDER_CELLS - OUTCOME_CELLS - 4))
    text = styled(f"{mark} ", style)
    text.append_text(_cell(_name(event.sender), SENDER_CELLS, "bold"))
    text.append_text(_cell(event.subject, subject, ""))
    text.append_text(styled(said(event), style))
    return text


def said(event: Event) -> str:
    """What was found, and what was done about it, in words."""
    found = _found(event.kinds)
    if event.action == "replaced":
        return f"{found or 'receipt request'} removed" + _kept(event.kinds)
    if event.action == "copied":
        return f"{found or 'receipt request'}: clean copy beside it"
    if event.action == "flagged":
        return f"{found}: marked" + (f" ({event.detail})" if event.detail else "")
    if event.action == "left":
        return f"left: {event.detail}"
    if event.action == "restored":
        return "the original is back"
    none = event.detail if event.partly else "no tracker"
    return f"{found} found" if found else none + _kept(event.kinds)


def _found(kinds: Mapping[str, int]) -> str:
    """The trackers among the references."""
    return ", ".join(_several(kinds[kind], kind) for kind in _TRACKERS if kinds.get(kind))


def _kept(kinds: Mapping[str, int]) -> str:
    """The personalised pictures, which level `standard` leaves in place."""
    number = kinds.get("personal", 0)
    return f", {_several(number, 'personal picture')} kept" if number else ""


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _name(sender: str) -> str:
    """The sender's name, or the address where there is none."""
    name, address = parseaddr(sender)
    return name or address or sender


def _cell(text: str, width: int, style: str) -> Text:
    """The text cut or filled to `width` terminal cells, and a space."""
    cell = styled(" ".join(safe.line(text).split()), style)
    cell.truncate(width, overflow="ellipsis", pad=True)
    cell.append(" ")
    return cell
