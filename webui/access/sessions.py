"""Sessions of people: begun by a login, ended on the server, so that a copied cookie is worth nothing then."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface

from blocker.catalogue import Catalogue
from blocker.catalogue.credentials import Credential, Credentials
from blocker.catalogue.people import People, Person
from webui.access import secret
from webui.access.scopes import scopes_of
from webui.access.who import Who

HOURS = 12
LINK_MINUTES = 10
CSRF = "csrf"
_KEY = "key"
_KINDS = ("session",)


class Cookies(SecureCookieSessionInterface):
    """The session's cookie, for HTTPS alone where it was asked for by HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 (Flask's signature)
        """Whether the browser must not send it in the clear."""
        return request.is_secure


def csrf_token() -> str:
    """The session's own token, which every form carries (made on first use)."""
    if CSRF not in session:
        session[CSRF] = secrets.token_urlsafe(32)
    return str(session[CSRF])


def one_time_link(store: Catalogue, base_url: str, person: Person | None = None) -> str:
    """A link that logs a person in once, within `LINK_MINUTES`: the first owner where none is said.

    It leads on, so that it leaves the address bar.
    """
    token = secret.fresh()
    expires = datetime.now(UTC) + timedelta(minutes=LINK_MINUTES)
    whose = person or People(store).named(None)
    Credentials(store).add("link", secret.digest(token), whose.id, expires=expires)
    return f"{base_url.rstrip('/')}/login/{token}"


def follow(store: Catalogue, token: str) -> bool:
    """Use a one-time link up, and begin a session; whether it was still good."""
    found = Credentials(store).take("link", secret.digest(token))
    if found is None:
        return False
    begin(store, found[1])
    return True


def begin(store: Catalogue, person: Person) -> None:
    """Begin a session; the one that the browser had before ends."""
    _end_present(store)
    key = secret.fresh()
    expires = datetime.now(UTC) + timedelta(hours=HOURS)
    browser = request.headers.get("User-Agent", "")
    Credentials(store).add("session", secret.digest(key), person.id, name=browser, expires=expires)
    session.clear()
    session[_KEY] = key
    session.permanent = True


def end(store: Catalogue, *, everywhere: Person | None = None) -> None:
    """End the present session, or all that a person has."""
    _end_present(store)
    if everywhere is not None:
        Credentials(store).drop(("session", "link"), everywhere.id)
    session.clear()


def end_one(store: Catalogue, person: Person, id_: int) -> bool:
    """End one of a person's sessions; whether it was theirs."""
    return Credentials(store).drop(_KINDS, person.id, id_) > 0


def sessions_of(store: Catalogue, person: Person) -> tuple[Credential, ...]:
    """A person's sessions, oldest first."""
    return Credentials(store).of(_KINDS, person.id)


def holder(store: Catalogue) -> Who | None:
    """Whose session the present request's cookie is; None where it is none that is good."""
    key = session.get(_KEY)
    found = Credentials(store).find(_KINDS, secret.digest(key)) if isinstance(key, str) else None
    if found is None:
        return None
    credential, person = found
    return Who(scopes_of(person), person.accounts, person=person, credential=credential)


def _end_present(store: Catalogue) -> None:
    if _KEY in session:
        Credentials(store).take("session", secret.digest(str(session[_KEY])))
