"""Whether a host is this computer: only then may a connection to it go unencrypted."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host is this computer: `localhost`, or an address that never leaves it (RFC 1122 3.2.1.3, RFC 4291 2.5.3).

    Every other name is another computer's, whatever it begins with. An IPv6 address stands without brackets.
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
