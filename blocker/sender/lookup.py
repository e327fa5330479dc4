"""The one place that asks the DNS, and only where the configuration allows it.

A sender can put a name of its own for each mail into its signature; whoever runs that domain's name servers sees the
question. It tells no more than that a server looked at the mail, but it tells that.
"""

from __future__ import annotations

import dns.exception
import dns.resolver

from blocker.sender.evidence import LookupFailed

SECONDS = 5.0


def txt(name: str) -> bytes | None:
    """The TXT record of a name, by this machine's resolver; None where there is none. Raises LookupFailed."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise LookupFailed("the key of its DKIM signature could not be looked up") from error
    return b"".join(answer[0].strings) if len(answer) else None
