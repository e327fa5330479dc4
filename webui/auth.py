"""Who may see the pages: one password, one-time links, and bearer tokens for the API.

The catalogue keeps digests only, those of open sessions among them: a cookie is worth nothing once its session ended,
by logging out, here or everywhere, by a new password, or `SESSION_HOURS` after the login.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue import Catalogue
from blocker.config.loopback import is_loopback
from webui.errors import Problem
from webui.site import catalogue, is_api, site, wants_json

blueprint = Blueprint("auth", __name__)

PUBLIC = frozenset({"auth.login", "auth.once", "auth.healthz", "language.choose", "metrics.readyz", "static"})
"""The only endpoints that answer a stranger."""
SHORTEST = 10
LINK_MINUTES = 10
SESSION_HOURS = 12
_CSRF = "csrf"
_KEY = "key"


def set_password(store: Catalogue, password: str) -> None:
    """Set the password of the pages; sessions under the old one end. Raises ValueError with a sentence."""
    if len(password) < SHORTEST:
        raise ValueError(f"The password is too short: use at least {SHORTEST} characters.")
    if len(password) > 1000:
        raise ValueError("The password is too long: use at most 1000 characters.")
    store.add_credential("password", generate_password_hash(password, method="scrypt"))


def new_token(store: Catalogue) -> str:
    """Make a token for the API; this is the only time it can be read."""
    token = "unpixel_" + secrets.token_urlsafe(32)
    store.add_credential("token", _digest(token))
    return token


def revoke_tokens(store: Catalogue) -> int:
    """End all tokens of the API; how many there were."""
    return store.drop_credentials("token")


def one_time_link(store: Catalogue, base_url: str) -> str:
    """A link that logs in once, within `LINK_MINUTES`; it then leads on, so that it leaves the address bar."""
    token = secrets.token_urlsafe(32)
    store.add_credential("link", _digest(token), datetime.now(UTC) + timedelta(minutes=LINK_MINUTES))
    return f"{base_url.rstrip('/')}/login/{token}"


def gate(app: Flask) -> Callable[[str], Problem | None]:
    """What tells by an Authorization field whether a program may send a long body: None, or why not."""
    store: Catalogue | None = app.extensions["unpixel"].catalogue if "unpixel" in app.extensions else None

    def why_not(authorization: str) -> Problem | None:
        return None if store is not None and _shows_token(store, authorization) else _no_token()

    return why_not


def guard() -> BaseResponse | None:
    """Before every request: nobody gets further without a login (a token, on the API), or without the form's own token."""
    if request.endpoint not in PUBLIC:
        if is_api():
            if not _open_metrics():
                _require_token()
        elif not _logged_in():
            if wants_json():
                raise Problem(401, "unauthorised", "Log in first; programs use a token and /api/v1/ instead.")
            return redirect(url_for("auth.login"), 303)
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not is_api():
        _require_csrf()
    return None


class Cookies(SecureCookieSessionInterface):
    """The session's cookie, for HTTPS alone where it was asked for by HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 (Flask's signature)
        """Whether the browser must not send it in the clear."""
        return request.is_secure


def csrf_token() -> str:
    """The session's own token, which every form carries (made on first use)."""
    if _CSRF not in session:
        session[_CSRF] = secrets.token_urlsafe(32)
    return str(session[_CSRF])


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether the pages are up; says nothing else."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> BaseResponse | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """The password form."""
    hashes = catalogue().credentials("password")
    if request.method == "GET":
        return redirect(url_for("overview.index"), 303) if _logged_in() else _form(bool(hashes))
    client = request.remote_addr or ""
    if wait := site().limiter.wait(client):
        return _form(bool(hashes), _too_often(wait)), 429, {"Retry-After": str(wait)}
    # Counted before it is checked, so that tries made at the same moment count too.
    site().limiter.failed(client)
    given = request.form.get("password", "")[:1000]
    if not any(check_password_hash(stored, given) for stored in hashes):
        return _form(bool(hashes), "That is not the password. Try again."), 403
    site().limiter.succeeded(client)
    _open_session()
    return redirect(url_for("overview.index"), 303)


@blueprint.get("/login/<token>")
def once(token: str) -> BaseResponse:
    """A one-time link: used up by opening it (a HEAD, as of a preview, does not)."""
    if request.method != "GET" or not catalogue().take_credential("link", _digest(token)):
        raise Problem(403, "link_used", "This link was used already or is too old: ask for a new one.")
    _open_session()
    return redirect(url_for("overview.index"), 303)


@blueprint.post("/logout")
def logout() -> BaseResponse:
    """End this session, or with `everywhere` all of them: whoever kept a cookie has nothing of it."""
    if "everywhere" in request.form:
        catalogue().drop_credentials("session")
    else:
        catalogue().take_credential("session", _digest(str(session.get(_KEY))))
    session.clear()
    return redirect(url_for("auth.login"), 303)


def _form(password_set: bool, error: str = "") -> str:
    return render_template("auth/login.html", password_set=password_set, error=error)


def _too_often(wait: int) -> str:
    minutes = -(-wait // 60)
    return f"Too many wrong passwords. Try again in {minutes} minute{'' if minutes == 1 else 's'}."


def _open_session() -> None:
    """Begin a session; the one that the browser had before ends."""
    if _KEY in session:
        catalogue().take_credential("session", _digest(str(session[_KEY])))
    key = secrets.token_urlsafe(32)
    catalogue().add_credential("session", _digest(key), datetime.now(UTC) + timedelta(hours=SESSION_HOURS))
    session.clear()
    session[_KEY] = key
    session.permanent = True


def _logged_in() -> bool:
    key = session.get(_KEY)
    return isinstance(key, str) and catalogue().holds_credential("session", _digest(key))


def _require_token() -> None:
    if _shows_token(catalogue(), request.headers.get("Authorization", "")):
        return
    # A person who is logged in may read the API's description.
    if request.endpoint == "api.openapi" and _logged_in():
        return
    raise _no_token()


def _shows_token(store: Catalogue, authorization: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and store.holds_credential("token", _digest(token.strip()))


def _no_token() -> Problem:
    return Problem(
        401,
        "unauthorised",
        "This needs a token: make one with `unpixel web token` and send it as `Authorization: Bearer TOKEN`.",
    )


def _open_metrics() -> bool:
    """Whether this machine asks for /metrics: by its address, where a proxy says for whom it asks, and under a name of
    this machine, so that no page elsewhere can have its own name resolve here and read them."""
    host = request.host.lower().removesuffix(f":{request.host.rpartition(':')[2]}")
    here = is_loopback(host.removeprefix("[").removesuffix("]")) and is_loopback(request.remote_addr or "")
    return request.endpoint == "metrics.metrics" and site().open_metrics and here


def _require_csrf() -> None:
    known = session.get(_CSRF)
    given = request.form.get(_CSRF, "")
    if not isinstance(known, str) or not hmac.compare_digest(known.encode(), given.encode()):
        abort(400, "This form is too old: load its page again and send it once more.")
    if _comes_from_elsewhere():
        abort(403, "This form was sent by another site: open the page itself and send it there.")


def _comes_from_elsewhere() -> bool:
    """Whether the browser says that a page of another site sent this form, whatever token that came by.

    By Fetch Metadata, which browsers send by HTTPS and to this machine; else by Origin, which is `null` where a page
    sends no referrer. By HTTPS there is a proxy in front, which may hide the name that Origin would be compared with.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None or request.is_secure:
        return site in {"cross-site", "same-site"}
    return urlsplit(request.headers.get("Origin", "null")).netloc not in ("", request.host)


def _digest(secret: str) -> str:
    # The secrets are 256 random bits, so one round is enough; the password alone needs a slow hash.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
