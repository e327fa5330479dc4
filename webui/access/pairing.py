"""Pairing: a person reads a short code off a page and types it into a plug-in, which gets a token for it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from blocker.catalogue import Catalogue
from blocker.catalogue.credentials import Credentials
from blocker.catalogue.people import Person
from webui.access import secret, tokens
from webui.access.scopes import PROGRAM, Scope, scopes_of

MINUTES = 10
"""So long a code is good."""
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no sign of it is taken for another."""
LENGTH = 8
"""Signs of a code: 40 bits, of which five guesses are free."""
EXTENSIONS = frozenset({"moz-extension", "chrome-extension", "safari-web-extension"})
"""Schemes of Origins that browsers and mail programs give to their own add-ons."""
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_code(store: Catalogue, person: Person, *, act: bool) -> str:
    """A code that gives one plug-in a token of this person's; the one before is good no more."""
    code = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    scopes = PROGRAM | ({Scope.ACT} if act else frozenset())
    kept = Credentials(store)
    kept.drop(("code",), person.id)
    expires = datetime.now(UTC) + timedelta(minutes=MINUTES)
    kept.add("code", secret.digest(code), person.id, scopes=scopes, expires=expires)
    return f"{code[:4]}-{code[4:]}"


def redeem(store: Catalogue, typed: str, name: str, origin: str) -> str | None:
    """The token for a code; None for a wrong one, which counts against all that are open.

    Raises `tokens.NoToken` for a name that is none; the code is used up then too.
    """
    kept = Credentials(store)
    found = kept.take("code", secret.digest(typed.upper().translate(_ALIKE)))
    if found is None:
        kept.missed()
        return None
    code, person = found
    scopes = frozenset(map(Scope, code.scopes))
    return tokens.make(store, person, "plugin", name, scopes & scopes_of(person), origin=origin)


def is_extension(origin: str) -> bool:
    """Whether an Origin is an add-on's; a page's of the web, or of a sandbox (`null`), is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in EXTENSIONS and bool(parts.netloc) and not parts.path and not parts.query
