"""What stands before every view: nobody gets further who does not show what the view needs."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.credentials import Credentials
from blocker.config.loopback import is_loopback
from webui.access import sessions, tokens
from webui.access.hosts import bare
from webui.access.need import Means, Need, needs_of
from webui.access.scopes import Scope
from webui.access.who import Who, become
from webui.errors import Problem
from webui.language import _
from webui.site import is_api, site, wants_json

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def gate(app: Flask) -> Callable[[str], Problem | None]:
    """What tells by an Authorization field whether a program may send a long body: None, or why not."""
    store: Catalogue | None = app.extensions["unpixel"].catalogue if "unpixel" in app.extensions else None

    def why_not(authorization: str) -> Problem | None:
        return None if store is not None and tokens.holder(store, authorization) else _no_token()

    return why_not


def guard() -> Response | None:
    """Before every request: find out who asks, and refuse whoever may not have what was asked for."""
    if not site().hosts.knows(request.headers.get("Host")):
        raise Problem(421, "wrong_host", _("The pages do not answer under this name: add it to web.hosts."))
    need = _need()
    somebody = _shown(need)
    if somebody is not None:
        become(somebody)
        _note(somebody)
    if need is None or need.means is not Means.NOTHING:
        refusal = _refusal(need, somebody)
        if refusal is not None:
            return refusal
    if request.method not in SAFE and not is_api():
        _require_csrf()
    return None


def _note(somebody: Who) -> None:
    """Check where a plug-in's token comes from, and write down that it, or a session, was used."""
    if somebody.credential is None:
        return
    bound, origin = somebody.credential.origin, request.headers.get("Origin")
    # Browsers leave Origin out of what only reads, where an extension asks for it (Fetch, "append a request Origin").
    if bound and origin != bound and (origin is not None or request.method not in SAFE):
        raise Problem(403, "wrong_origin", "This token belongs to a plug-in: only that may show it.")
    # A catalogue that cannot be written to now can be read all the same.
    with suppress(CatalogueError):
        Credentials(site().catalogue).note_use(somebody.credential)


def _need() -> Need | None:
    """What the view needs; of an address that there is not, a login all the same."""
    if request.endpoint == "static":
        return Need(None, Means.NOTHING)
    if request.endpoint is None:
        return Need(None, Means.TOKEN if is_api() else Means.SESSION)
    return needs_of(current_app.view_functions[request.endpoint], request.path)


def _shown(need: Need | None) -> Who | None:
    """Who shows themselves by the means that the view takes."""
    means = need.means if need else Means.NOTHING
    found = None
    if means in (Means.TOKEN, Means.EITHER):
        found = tokens.holder(site().catalogue, request.headers.get("Authorization", ""))
    if found is None and (means is not Means.EITHER or request.method in SAFE) and means is not Means.TOKEN:
        found = sessions.holder(site().catalogue)
    if found is None and _open_metrics():
        found = Who(frozenset({Scope.READ}), None, program=True)
    return found


def _refusal(need: Need | None, somebody: Who | None) -> Response | None:
    if need is None:
        raise Problem(403, "forbidden", _("Nobody may do this: the view does not say what it needs."))
    if somebody is None:
        if need.means is not Means.SESSION:
            raise _no_token()
        if wants_json():
            raise Problem(401, "unauthorised", "Log in first; programs use a token and /api/v1/ instead.")
        return redirect(url_for("auth.login"), 303)
    if need.scope is not None and need.scope not in somebody.scopes:
        raise Problem(403, "forbidden", _may_not(need, somebody))
    return None


def _may_not(need: Need, somebody: Who) -> str:
    if somebody.program:
        return f"This token has no scope `{need.scope}`: make one that has it."
    return _("You may look, not change anything: ask an owner.")


def _no_token() -> Problem:
    return Problem(
        401,
        "unauthorised",
        "This needs a token: make one with `unpixel token add` and send it as `Authorization: Bearer TOKEN`.",
    )


def _open_metrics() -> bool:
    """Whether this machine asks for /metrics: by its address, where a proxy says for whom it asks, and under a name of
    this machine, so that no page elsewhere can have its own name resolve here and read them."""
    here = is_loopback(bare(request.host)) and is_loopback(request.remote_addr or "")
    return request.endpoint == "metrics.metrics" and site().open_metrics and here


def _require_csrf() -> None:
    known = session.get(sessions.CSRF)
    given = request.form.get(sessions.CSRF, "")
    if not isinstance(known, str) or not hmac.compare_digest(known.encode(), given.encode()):
        abort(400, _("This form is too old: load its page again and send it once more."))
    if _comes_from_elsewhere():
        abort(403, _("This form was sent by another site: open the page itself and send it there."))


def _comes_from_elsewhere() -> bool:
    """Whether the browser says that a page of another site sent this form, whatever token that came by.

    By Fetch Metadata, which browsers send by HTTPS and to this machine; else by Origin, which is `null` where a page
    sends no referrer. By HTTPS there is a proxy in front, which may hide the name that Origin would be compared with.
    """
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None or request.is_secure:
        return said in {"cross-site", "same-site"}
    return urlsplit(request.headers.get("Origin", "null")).netloc not in ("", request.host)
