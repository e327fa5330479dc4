"""What a view needs of whoever asks, said beside the view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from webui.access.scopes import Scope

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "_unpixel_need"


class Means(StrEnum):
    """By what somebody shows who they are."""

    SESSION = "session"
    """A cookie: the pages."""
    TOKEN = "token"
    """A bearer token: the API."""
    EITHER = "either"
    """A token, or a session that reads: what the API has for people too."""
    NOTHING = "nothing"
    """Not at all: the view answers everybody."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a view needs."""

    scope: Scope | None
    means: Means


def needs(scope: Scope, means: Means | None = None) -> Callable[[View], View]:
    """A decorator: the view answers who has this scope. By which means is told by its address, where `means` is left out:
    a token below `/api/`, a session elsewhere."""

    def mark(view: View) -> View:
        setattr(view, _MARK, (scope, means))
        return view

    return mark


def public(view: View) -> View:
    """A decorator: the view answers everybody."""
    setattr(view, _MARK, (None, Means.NOTHING))
    return view


def needs_of(view: Callable[..., Any] | None, path: str) -> Need | None:
    """What a view at an address needs; None where it does not say, so that it answers nobody."""
    said: tuple[Scope | None, Means | None] | None = getattr(view, _MARK, None)
    if said is None:
        return None
    scope, means = said
    return Need(scope, means or (Means.TOKEN if path.startswith("/api/") else Means.SESSION))
