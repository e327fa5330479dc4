"""Microsoft's sign-in through its own library (msal): by device code, for Outlook.com and Microsoft 365."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blocker.config import AccountConfig
from blocker.signin.grants import Grant, Invitation, Invite, NotReached, SignInError

AUTHORITY = "https://login.microsoftonline.com/common"
"""Personal accounts and those of organisations (Microsoft identity platform, Client application configuration)."""
SCOPES = ["https://outlook.office.com/IMAP.AccessAsUser.All"]
"""Microsoft Learn, "Authenticate an IMAP, POP or SMTP connection using OAuth"; msal asks for offline_access itself."""


def sign_in(account: AccountConfig, invite: Invite) -> Grant:
    """Have a person grant access on a page of Microsoft's; waits for that. Raises SignInError or NotReached."""
    import msal  # type: ignore[import-untyped]  # ships no types

    cache = msal.SerializableTokenCache()
    app = _app(account, cache)
    with _reaching():
        flow = app.initiate_device_flow(SCOPES)
        if "user_code" not in flow:
            raise _refused(flow)
        invite(Invitation(flow["verification_uri"], flow["user_code"]))
        return _grant(app.acquire_token_by_device_flow(flow), cache)


def renew(account: AccountConfig, grant: Grant) -> Grant:
    """A new access token. Raises SignInError where Microsoft does not give one any more, or NotReached."""
    import msal

    cache = msal.SerializableTokenCache()
    cache.deserialize(grant.cache)
    app = _app(account, cache)
    known = app.get_accounts()
    with _reaching():
        found = app.acquire_token_silent(SCOPES, known[0], force_refresh=True) if known else None
    return _grant(found or {"error": "nothing kept"}, cache)


def _app(account: AccountConfig, cache: Any) -> Any:
    import msal

    with _reaching():
        # The authority is Microsoft's own: asking another host of theirs whether it is would tell nothing.
        return msal.PublicClientApplication(
            account.oauth_client, authority=AUTHORITY, token_cache=cache, instance_discovery=False, timeout=30
        )


def _grant(found: dict[str, Any], cache: Any) -> Grant:
    if "access_token" not in found:
        raise _refused(found)
    expires = time.time() + float(found.get("expires_in", 0))
    return Grant(str(found["access_token"]), "", expires, cache=cache.serialize())


def _refused(found: dict[str, Any]) -> SignInError | NotReached:
    code = str(found.get("error", "no reason given"))[:60]
    if code in ("temporarily_unavailable", "server_error"):
        return NotReached(f"Microsoft has trouble signing in now ({code}); it is tried again later.")
    words = {
        "authorization_declined": "access was declined on the page",
        "expired_token": "nobody typed the code in time",
        "unauthorized_client": "the client id is not allowed to do this; allow public client flows in its registration",
    }
    return SignInError(
        f"Microsoft does not sign in ({words.get(code, code)}): run `unpixel account sign-in` to try again."
    )


@contextmanager
def _reaching() -> Iterator[None]:
    """Turns what the network does into one sentence."""
    import requests

    try:
        yield
    except (SignInError, NotReached):
        raise
    except (requests.RequestException, ValueError):
        raise NotReached("Microsoft's sign-in could not be reached; check the network.") from None
