"""Sessions of people: begun by a login, ended on the server, so that a copied cookie is worth nothing then."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface

from blocker.catalogue import Catalogue
from webui.access import secret
from webui.access.scopes import PERSON
from webui.access.who import Who

HOURS = 12
LINK_MINUTES = 10
CSRF = "csrf"
_KEY = "key"


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


def one_time_link(store: Catalogue, base_url: str) -> str:
    """A link that logs in once, within `LINK_MINUTES`; it then leads on, so that it leaves the address bar."""
    token = secret.fresh()
    expires = datetime.now(UTC) + timedelta(minutes=LINK_MINUTES)
    store.add_credential("link", secret.digest(token), expires)
    return f"{base_url.rstrip('/')}/login/{token}"


def follow(store: Catalogue, token: str) -> bool:
    """Use a one-time link up, and begin a session; whether it was still good."""
    if not store.take_credential("link", secret.digest(token)):
        return False
    begin(store)
    return True


def begin(store: Catalogue) -> None:
    """Begin a session; the one that the browser had before ends."""
    if _KEY in session:
        store.take_credential("session", secret.digest(str(session[_KEY])))
    key = secret.fresh()
    store.add_credential("session", secret.digest(key), datetime.now(UTC) + timedelta(hours=HOURS))
    session.clear()
    session[_KEY] = key
    session.permanent = True


def end(store: Catalogue, *, everywhere: bool) -> None:
    """End the present session, or all there are."""
    if everywhere:
        store.drop_credentials("session")
    else:
        store.take_credential("session", secret.digest(str(session.get(_KEY))))
    session.clear()


def holder(store: Catalogue) -> Who | None:
    """Whose session the present request's cookie is; None where it is none that is good."""
    key = session.get(_KEY)
    if isinstance(key, str) and store.holds_credential("session", secret.digest(key)):
        return Who(PERSON, None)
    return None
