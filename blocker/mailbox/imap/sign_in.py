"""Signing in to an IMAP server: with a password, or with an OAuth 2 access token.

Past imapclient, which makes a broken connection look like a refused password. No failure, and no log, holds the secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from blocker.mailbox.imap import text
from blocker.mailbox.imap.wire import BROKEN, Client, Refused
from blocker.mailbox.protocol import MailboxError


@dataclass(frozen=True, slots=True)
class Token:
    """An access token in place of a password."""

    value: str = field(repr=False)


Secret = str | Token
"""A password, or an access token."""


def sign_in(client: Client, host: str, user: str, secret: Secret) -> None:
    """Sign in over a connection that was just greeted .

    Raises LoginRefused, ConnectionLost, or MailboxError where the server cannot be signed in to in this way.
    """
    if not client.wire.greeted():
        raise MailboxError(f"{host} signs everyone in without a password (PREAUTH); use another port.")
    try:
        if isinstance(secret, Token):
            _with_token(client, host, user, secret.value)
        else:
            _with_password(client, host, user, secret)
    except BROKEN as error:
        raise text.lost(host, "sign in", error) from None
    except Refused as error:
        token = isinstance(secret, Token)
        hidden = secret.value if isinstance(secret, Token) else secret
        raise text.sign_in_refused(host, user, error, hidden, token=token) from None


def _with_password(client: Client, host: str, user: str, password: str) -> None:
    """AUTHENTICATE PLAIN where offered, as it carries any character; else LOGIN."""
    if client.has_capability("AUTH=PLAIN"):
        client.wire.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    elif client.has_capability("LOGINDISABLED"):
        raise MailboxError(
            f'{host} takes no password on this connection; set security to "tls" or "starttls", '
            "or sign in with oauth where the provider wants that."
        )
    elif not (user + password).isascii() or any(c in user + password for c in "\r\n\0"):
        raise MailboxError(f"{host} only takes ASCII names and passwords; set such a password there.")
    else:
        client.wire.login(text.quoted(user), password)  # imaplib quotes the password, not the name


def _with_token(client: Client, host: str, user: str, token: str) -> None:
    """OAUTHBEARER (RFC 7628) where offered, else XOAUTH2, its forerunner at Google and Microsoft."""
    if client.has_capability("AUTH=OAUTHBEARER"):
        client.wire.authenticate(
            "OAUTHBEARER", _answers(oauthbearer(host, client.port, user, token), b"\x01")
        )
    elif client.has_capability("AUTH=XOAUTH2"):
        client.wire.authenticate("XOAUTH2", _answers(xoauth2(user, token), b""))
    else:
        raise MailboxError(
            f"{host} takes no access token (neither OAUTHBEARER nor XOAUTH2); sign in with a password instead."
        )


def _answers(first: bytes, then: bytes) -> Callable[[bytes], bytes]:
    """What is said to the server's challenges: the token once; to its error report, what lets it say NO."""
    left = [first]
    return lambda _challenge: left.pop() if left else then


def oauthbearer(host: str, port: int, user: str, token: str) -> bytes:
    """RFC 7628, section 3.1; the name as a GS2 ``saslname`` (RFC 5801)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01".encode()


def xoauth2(user: str, token: str) -> bytes:
    """Google's and Microsoft's documented form."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
