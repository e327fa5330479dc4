"""Bearer tokens, which programs show to the API."""

from __future__ import annotations

from blocker.catalogue import Catalogue
from webui.access import secret
from webui.access.scopes import PROGRAM
from webui.access.who import Who


def new_token(store: Catalogue) -> str:
    """Make a token for the API; this is the only time it can be read."""
    token = "unpixel_" + secret.fresh()
    store.add_credential("token", secret.digest(token))
    return token


def revoke_tokens(store: Catalogue) -> int:
    """End all tokens of the API; how many there were."""
    return store.drop_credentials("token")


def holder(store: Catalogue, authorization: str) -> Who | None:
    """Who shows this Authorization field (RFC 6750, 2.1); None where it holds no token that is good."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and store.holds_credential("token", secret.digest(token.strip())):
        return Who(PROGRAM, None, program=True)
    return None
