"""The password of the pages."""

from __future__ import annotations

from werkzeug.security import check_password_hash, generate_password_hash

from blocker.catalogue import Catalogue

SHORTEST = 10
LONGEST = 1000


def set_password(store: Catalogue, password: str) -> None:
    """Set the password of the pages; sessions under the old one end. Raises ValueError with a sentence."""
    if len(password) < SHORTEST:
        raise ValueError(f"The password is too short: use at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"The password is too long: use at most {LONGEST} characters.")
    store.add_credential("password", generate_password_hash(password, method="scrypt"))


def is_set(store: Catalogue) -> bool:
    """Whether there is one."""
    return bool(store.credentials("password"))


def is_right(store: Catalogue, given: str) -> bool:
    """Whether this is the password."""
    return any(check_password_hash(stored, given[:LONGEST]) for stored in store.credentials("password"))
