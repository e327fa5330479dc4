"""Any OpenID provider's sign-in, through Authlib: by device code (RFC 8628), or in the browser of this machine (RFC 8252).

Google grants mail to no device code (its list of scopes for limited-input devices has no mail in it), so its sign-in
goes through the browser.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from blocker.config import AccountConfig
from blocker.signin.grants import Grant, Invitation, Invite, NotReached, SignInError

GOOGLE = "https://accounts.google.com"
GOOGLE_SCOPE = "https://mail.google.com/"
SCOPE = "openid email offline_access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SECONDS = 30
LONGEST = 900.0
"""Seconds for which a person may take their time."""
_KEYS = ("token_endpoint", "device_authorization_endpoint", "authorization_endpoint")


def sign_in(account: AccountConfig, invite: Invite, secret: str = "") -> Grant:
    """Have a person grant access on a page of the provider's; waits for that. Raises SignInError or NotReached."""
    with _reaching(account):
        about = discover(account)
        session = _session(account, secret)
        if "device_authorization_endpoint" in about and account.oauth != "google":
            found = _by_code(session, about, invite)
        elif "authorization_endpoint" in about:
            found = _by_browser(session, about, invite)
        else:
            raise SignInError(
                f"{issuer(account)} offers no sign-in that a program can use: ask the provider."
            )
    return _grant(found, Grant("", "", 0.0, secret))


def renew(account: AccountConfig, grant: Grant) -> Grant:
    """A new access token. Raises SignInError where the provider does not give one any more, or NotReached."""
    with _reaching(account):
        about = discover(account)
        session = _session(account, grant.secret)
        return _grant(session.refresh_token(about["token_endpoint"], refresh_token=grant.refresh), grant)


def issuer(account: AccountConfig) -> str:
    """The provider's issuer URL."""
    return GOOGLE if account.oauth == "google" else (account.oauth or "").rstrip("/")


def discover(account: AccountConfig) -> dict[str, str]:
    """Where the provider's endpoints are (OpenID Connect Discovery 1.0); all of the issuer's own scheme."""
    import requests

    answer = requests.get(
        f"{issuer(account)}/.well-known/openid-configuration", timeout=SECONDS, allow_redirects=False
    )
    if answer.status_code >= 500 or answer.status_code == 429:
        raise NotReached(
            f"{issuer(account)} has trouble now (status {answer.status_code}); it is tried again later."
        )
    if answer.status_code != 200 or len(answer.content) > 256 * 1024:
        raise SignInError(
            f"{issuer(account)} does not describe itself as an OpenID provider (status {answer.status_code}): "
            "check the issuer's URL."
        )
    said = answer.json()
    scheme = issuer(account).partition("://")[0] + "://"
    found = {key: said[key] for key in _KEYS if isinstance(said, dict) and isinstance(said.get(key), str)}
    if "token_endpoint" not in found or not all(url.startswith(scheme) for url in found.values()):
        raise SignInError(f"{issuer(account)} names no token endpoint that can be trusted: ask the provider.")
    return found


def _session(account: AccountConfig, secret: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]  # ships no types

    return OAuth2Session(
        account.oauth_client,
        secret or None,
        scope=account.oauth_scope or (GOOGLE_SCOPE if account.oauth == "google" else SCOPE),
        token_endpoint_auth_method="client_secret_post" if secret else "none",
        code_challenge_method="S256",
        default_timeout=SECONDS,
    )


def _by_code(session: Any, about: Mapping[str, str], invite: Invite) -> dict[str, Any]:
    """RFC 8628: show a code, then ask until it was typed."""
    from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # ships no types

    asked = {"client_id": session.client_id, "scope": session.scope}
    answer = session.request("POST", about["device_authorization_endpoint"], withhold_token=True, data=asked)
    told = answer.json()
    if "device_code" not in told:
        raise SignInError(
            f"The provider gives no code ({told.get('error', 'no reason')}): check the client id."
        )
    invite(
        Invitation(
            str(told.get("verification_uri_complete") or told["verification_uri"]), str(told["user_code"])
        )
    )
    wait = max(0.0, float(told.get("interval", 5)))
    end = time.monotonic() + min(LONGEST, float(told.get("expires_in", LONGEST)))
    while time.monotonic() < end:
        time.sleep(wait)
        try:
            code = {"grant_type": DEVICE, "device_code": told["device_code"]}
            found: dict[str, Any] = session.fetch_token(about["token_endpoint"], **code)
            return found
        except OAuthError as error:
            if error.error == "slow_down":
                wait += 5
            elif error.error != "authorization_pending":
                raise
    raise SignInError("Nobody typed the code in time: run `unpixel account sign-in` to try again.")


def _by_browser(session: Any, about: Mapping[str, str], invite: Invite) -> dict[str, Any]:
    """RFC 8252, section 7.3, with PKCE (RFC 7636): the browser comes back to a port of this machine."""
    from authlib.common.security import generate_token  # type: ignore[import-untyped]  # ships no types

    with _callback() as (port, arrived):
        session.redirect_uri = f"http://127.0.0.1:{port}/"
        verifier = generate_token(64)
        url, state = session.create_authorization_url(
            about["authorization_endpoint"], code_verifier=verifier, access_type="offline", prompt="consent"
        )
        invite(Invitation(url))
        came = arrived()
    if came is None:
        raise SignInError("Nobody signed in in time: run `unpixel account sign-in` to try again.")
    found: dict[str, Any] = session.fetch_token(
        about["token_endpoint"],
        authorization_response=f"{session.redirect_uri}{came}",
        code_verifier=verifier,
        state=state,
    )
    return found


@contextmanager
def _callback() -> Iterator[tuple[int, Any]]:
    """Listens on a free port of this machine for the one request that brings the code."""
    came: list[str] = []
    there = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        """Takes the code, thanks."""

        def do_GET(self) -> None:
            """The browser comes back."""
            query = self.path.partition("?")[2]
            good = "code=" in query or "error=" in query
            self.send_response(200 if good else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(
                b"You may close this page: unpixel goes on where you started it.\n" if good else b""
            )
            if good and not there.is_set():
                came.append("?" + query[:8192])
                there.set()

        def log_message(self, *_words: object) -> None:
            """The request holds the code: it is not logged."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], lambda: came[0] if there.wait(LONGEST) else None
    finally:
        server.shutdown()
        server.server_close()


def _grant(found: Mapping[str, Any], before: Grant) -> Grant:
    """A provider need not give another refresh token each time (RFC 6749, section 6)."""
    refresh = str(found.get("refresh_token") or before.refresh)
    if not found.get("access_token") or not refresh:
        raise SignInError(
            "The provider gives no token that can be renewed: allow offline access for the client, then sign in again."
        )
    return Grant(
        str(found["access_token"]), refresh, time.time() + float(found.get("expires_in") or 0), before.secret
    )


@contextmanager
def _reaching(account: AccountConfig) -> Iterator[None]:
    """Turns what the network and the provider say into one sentence."""
    import requests
    from authlib.integrations.base_client import OAuthError

    try:
        yield
    except OAuthError as error:
        if error.error in ("temporarily_unavailable", "server_error"):
            raise NotReached(
                f"{issuer(account)} has trouble now ({error.error}); it is tried again later."
            ) from None
        raise SignInError(
            f"{issuer(account)} does not sign in ({error.error}): run `unpixel account sign-in {account.name}`."
        ) from None
    except (requests.RequestException, ValueError, KeyError):
        raise NotReached(
            f"{issuer(account)} could not be reached or did not answer as it should; check the network."
        ) from None
