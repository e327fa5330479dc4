"""Where a domain's IMAP server is: asked of the domain itself, then of Thunderbird's list, where its owner allows that.

What leaves this machine is the domain alone, never the address. Everything is asked over HTTPS, or of the DNS
(RFC 6186), within bounds; an answer is only a proposal, which the person sees before a password is typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from blocker.config import Security

SECONDS = 10
LARGEST = 64 * 1024
"""Octets of an answer."""
PLACES = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    "https://autoconfig.thunderbird.net/v1.1/{domain}",
)
"""Thunderbird's order (Mozilla, Autoconfiguration)."""
_SECURITY: dict[str, Security] = {"SSL": "tls", "STARTTLS": "starttls"}


@dataclass(frozen=True, slots=True)
class Server:
    """An IMAP server that was named."""

    host: str
    port: int
    security: Security
    user: str = ""
    """How the login name is made: `%EMAILADDRESS%` and the like; empty where that was not said."""

    def login(self, address: str) -> str:
        """The login name of an address."""
        local, _, domain = address.rpartition("@")
        made = self.user or address
        for name, value in (("EMAILADDRESS", address), ("EMAILLOCALPART", local), ("EMAILDOMAIN", domain)):
            made = made.replace(f"%{name}%", value)
        return made if "%" not in made else address


def look_up(domain: str) -> Server | None:
    """The server that a domain names; None where it names none. Raises nothing: no answer is an answer."""
    return next(_named(domain.lower().rstrip(".")), None)


def _named(domain: str) -> Iterator[Server]:
    for place in PLACES:
        text = _get(place.format(domain=domain))
        if text is not None and (found := read_config(text)) is not None:
            yield found
    yield from _by_dns(domain)


def read_config(text: bytes) -> Server | None:
    """The first encrypted IMAP server of a configuration file; None where there is none."""
    if b"<!" in text.replace(
        b"<!--", b""
    ):  # entities and document types have no place in it, and can be a trap
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    for server in root.iter("incomingServer"):
        if server.get("type") != "imap":
            continue
        host, port = (server.findtext("hostname") or "").strip(), (server.findtext("port") or "").strip()
        security = _SECURITY.get((server.findtext("socketType") or "").strip())
        if security and _is_host(host) and port.isdigit() and 0 < int(port[:6]) < 65536:
            return Server(host, int(port), security, (server.findtext("username") or "").strip())
    return None


def _is_host(name: str) -> bool:
    return 0 < len(name) <= 253 and all(c.isascii() and (c.isalnum() or c in ".-") for c in name)


def _get(url: str) -> bytes | None:
    import requests

    try:
        with requests.get(url, timeout=SECONDS, allow_redirects=False, stream=True) as answer:
            if answer.status_code != 200:
                return None
            text: bytes = answer.raw.read(LARGEST + 1, decode_content=True)
    except (requests.RequestException, OSError, ValueError):
        return None
    return text if len(text) <= LARGEST else None


def _by_dns(domain: str) -> Iterator[Server]:
    """RFC 6186: `_imaps._tcp`, the lowest priority first; "." says that there is none."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(f"_imaps._tcp.{domain}", "SRV", lifetime=SECONDS)
    except (dns.exception.DNSException, OSError, ValueError):
        return
    for record in sorted(answer, key=lambda r: (r.priority, -r.weight)):
        host = str(record.target).rstrip(".")
        if _is_host(host):
            yield Server(host, int(record.port), "tls")
