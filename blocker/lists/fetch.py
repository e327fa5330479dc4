"""Fetching a list: over https, from public addresses alone, of bounded size, and only where it changed.

The address is checked where the connection is made, so that a name cannot mean one host when it is checked and another when
it is used; each redirect is checked again. Proxies of the environment are not used: they would resolve names themselves.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

SECONDS = 20.0
"""For each answer of the network."""
WHOLE = 120.0
"""For all of it."""
HOPS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_MODIFIED = 304
_PIECE = 1 << 16


class ListError(Exception):
    """A list cannot be had; the text is one sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list's bytes, and what its server said of this version."""

    body: bytes
    etag: str = ""
    modified: str = ""


def fetch(url: str, most: int, etag: str = "", modified: str = "") -> Fetched | None:
    """The list at a URL, cut one octet above `most`; None where it is still the version of that etag or date.

    Raises ListError.
    """
    wanted = {"User-Agent": "unpixel", "Accept-Encoding": "identity"}
    wanted |= {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
    until = time.monotonic() + WHOLE
    try:
        for _ in range(HOPS):
            answer = _ask(url, wanted, most, until)
            if not isinstance(answer, str):
                return answer
            url = answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ListError(
            f"{url} cannot be fetched ({error or type(error).__name__}): check it, then try again."
        ) from error
    raise ListError(f"{url} leads on and on: name the address that it ends at.")


def _ask(url: str, wanted: dict[str, str], most: int, until: float) -> Fetched | str | None:
    """What is there, None where it did not change, or the URL that it leads to."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ListError(f"{url} is not fetched: a list's address begins with https:// and names a host.")
    connection = Public(
        parts.hostname, parts.port or 443, timeout=SECONDS, context=ssl.create_default_context()
    )
    try:
        connection.request(
            "GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=wanted
        )
        answer = connection.getresponse()
        if answer.status == _NOT_MODIFIED:
            return None
        if answer.status in _REDIRECTS and (place := answer.getheader("Location")):
            return urljoin(url, place)
        if answer.status != http.client.OK:
            raise ListError(
                f"{url} cannot be fetched: its server answers {answer.status}; check the address."
            )
        body = _body(answer, most, until)
        return Fetched(body, answer.getheader("ETag") or "", answer.getheader("Last-Modified") or "")
    finally:
        connection.close()


def _body(answer: http.client.HTTPResponse, most: int, until: float) -> bytes:
    body = b""
    while len(body) <= most and (piece := answer.read1(_PIECE)):
        body += piece
        if time.monotonic() > until:
            raise TimeoutError("it takes too long")
    if len(body) <= most and answer.length:
        raise ListError("The list came cut: try again.")
    return body


class Public(http.client.HTTPSConnection):
    """A connection that is made to a public address alone."""

    _context: ssl.SSLContext

    def connect(self) -> None:
        """Connect to the first public address of the host. Raises ListError where it has none."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [where[0] for *_, where in found if is_public(str(where[0]))]
        if not addresses or len(addresses) < len(found):
            raise ListError(f"{self.host} is not asked: it leads to a private address.")
        plain = socket.create_connection((str(addresses[0]), self.port), self.timeout)
        try:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: none of this machine, of a network at home, of a cloud's inside."""
    ip = ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (
        ip.is_global
        and not ip.is_multicast
        and (mapped is None or (mapped.is_global and not mapped.is_multicast))
    )
