"""Reaching an IMAP server: whom to trust, and what to say where no connection comes about."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocker.config.model import Security
from blocker.config.private import only_file
from blocker.mailbox.imap.incoming import TooMuch
from blocker.mailbox.imap.text import clean
from blocker.mailbox.imap.wire import BROKEN, Client, Refused, SocketTimeout
from blocker.mailbox.protocol import ConnectionLost, MailboxError, WrongSetting


def connect(
    host: str, port: int, security: Security, cafile: str | Path | None, timeout: SocketTimeout
) -> Client:
    """A connection that was just greeted, by TLS where `security` is not "none". Raises MailboxError."""
    context = None if security == "none" else tls_context(cafile)
    try:
        client = Client(host, port, ssl=security == "tls", ssl_context=context, timeout=timeout)
    except Exception as error:  # noqa: BLE001 (what greets us may be no IMAP server at all)
        raise unreachable(host, port, error) from None
    with _ended_where_it_fails(client, port):
        client.wire.keep_no_log()
        if security == "starttls":
            _start_tls(client, context)
        client.wire.keep_alive()
    return client


@contextmanager
def _ended_where_it_fails(client: Client, port: int) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        client.end()
        if isinstance(error, (*BROKEN, Refused)):
            raise unreachable(client.host, port, error) from None
        raise


def _start_tls(client: Client, context: ssl.SSLContext | None) -> None:
    if not client.has_capability("STARTTLS") or not client.wire.greeted():
        raise MailboxError(
            f'{client.host} does not offer STARTTLS here; set security to "tls" (usually port 993).'
        )
    client.starttls(context)
    client.wire.forget_plain_text()


def tls_context(cafile: str | Path | None) -> ssl.SSLContext:
    """Certificates and host names are checked, against the system's authorities or the one in `cafile` alone."""
    try:
        if cafile:
            only_file(Path(cafile))
        return ssl.create_default_context(cafile=cafile and str(cafile))
    except OSError as error:
        why = error.strerror or "no certificate in it"
        before = f"The certificates in {cafile} cannot be used ({why}); name a PEM file in "
        raise WrongSetting(before, "ca_file", ".") from None


_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_EXPIRED = (9, 10)  # not yet valid, has expired


def unreachable(host: str, port: int, error: BaseException) -> MailboxError:
    """No connection came about: name, network, TLS."""
    where = f"{host}:{port}"
    match error:
        case ssl.SSLCertVerificationError() if error.verify_code in _MISMATCH:
            return MailboxError(
                f"The certificate of {where} is made out to another name; use the host name that the provider gives."
            )
        case ssl.SSLCertVerificationError() if error.verify_code in _EXPIRED:
            return MailboxError(
                f"The certificate of {where} is not valid today; check this computer's clock, then tell the provider."
            )
        case ssl.SSLCertVerificationError():
            return WrongSetting(
                f"The certificate of {where} is signed by an authority that is not known here ({error.verify_message}); "
                "if the server is yours, set ",
                "ca_file",
                " to its authority's certificate.",
            )
        case ssl.SSLError():
            return WrongSetting(
                f"{where} does not speak TLS ({error.reason or 'handshake failed'}); "
                "check the port (usually 993), or set ",
                "security",
                ' to "starttls".',
            )
        case TooMuch():
            return ConnectionLost(f"{where} has said {error}; it may be no IMAP server, check host and port.")
        case socket.gaierror():
            return ConnectionLost(f"The host {host} was not found; check its name and the network.")
        case TimeoutError():
            return ConnectionLost(f"{where} did not answer in time; check host, port and the network.")
        case UnicodeError():
            return ConnectionLost(
                f"{where} lists its capabilities in no ASCII; tell the server's administrator."
            )
        case ConnectionRefusedError():
            return ConnectionLost(
                f"Nothing listens at {where}; check the port (993 for TLS, 143 for STARTTLS)."
            )
        case OSError():
            return ConnectionLost(
                f"{where} could not be reached ({error.strerror or clean(error)}); check the network."
            )
    return ConnectionLost(f"{where} ended the connection at once ({clean(error)}); try again in a minute.")
