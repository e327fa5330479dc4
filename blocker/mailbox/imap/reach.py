"""Reaching an IMAP server: whom to trust, and what to say where no connection comes about."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from blocker.mailbox.imap.text import clean
from blocker.mailbox.protocol import ConnectionLost, MailboxError, WrongSetting


class TooMuch(OSError):
    """A server says more than any answer needs, or takes longer over it."""


def tls_context(cafile: str | Path | None) -> ssl.SSLContext:
    """Certificates and host names are checked, against the system's authorities or the one in `cafile` alone."""
    try:
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
