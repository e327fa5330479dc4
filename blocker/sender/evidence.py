"""What proves that a mail is its sender's: a DKIM signature, or what the reader's own mail server found on arrival.

Both must name the organisational domain of the one From address (DMARC's relaxed alignment, RFC 7489, 3.1). Keys are
looked up by a function that is given: this module itself asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from email.utils import getaddresses
from typing import Any

from blocker.message.domains import organisational, sender_of
from blocker.message.headers import Headers, read_headers
from blocker.sender.level import Proof

Lookup = Callable[[str], bytes | None]
"""The TXT record of a name; None where it has none. Raises LookupFailed."""
MAX_RESULTS = 20
MAX_SIGNATURES = 5
MAX_RAW = 20 << 20
_ALGORITHM = b"rsa-sha256"
"""SHA-1 proves nothing any more (RFC 8301); who signs with Ed25519 signs with RSA as well (RFC 8463, section 3)."""
_LONG_RUN = re.compile(rb"[ \t]{1000}|(?:\r?\n){1000}")
"""What the verifier would take very long to normalise."""
_AUTHSERV_ID = re.compile(r"\s*\"?([^\s;()\"]+)")


class LookupFailed(Exception):
    """A key could not be looked up; the text says why, as a clause."""


def proof_of(
    raw: bytes, sender: str, *, authserv_ids: Collection[str] = (), lookup: Lookup | None = None
) -> Proof:
    """Whether a mail is proven to be of `sender`: an organisational domain, or an address at a shared one.

    Of an address its domain is proven: whoever runs a shared domain lets each write in his own name alone.
    `authserv_ids` are the names under which the reader's own mail servers write Authentication-Results (RFC 8601);
    `lookup` gives the keys of DKIM signatures, and without it none is verified. Never raises.
    """
    headers = read_headers(raw, 0, len(raw))
    if not _names(headers, sender):
        return Proof(False, "the mail does not name one sender")
    domain = organisational(sender.rpartition("@")[2])
    wanted = {name.lower() for name in authserv_ids}
    reported = _reported(headers, domain, wanted) if wanted else None
    if reported is not None and reported.given:
        return reported
    signed = _signed(raw, domain, lookup)
    if signed.given or reported is None:
        return signed
    return Proof(False, f"{reported.how}, and {signed.how}")


def reported(headers: Headers, sender: str, authserv_ids: Collection[str]) -> bool | None:
    """Whether the reader's own mail server found that a mail is its sender's; None where it says nothing of the mail.

    Cheap: what it costs is bounded, and nobody is asked. Never raises.
    """
    if not authserv_ids:
        return None
    domain = organisational(sender.rpartition("@")[2])
    found = _reported(headers, domain, {name.lower() for name in authserv_ids})
    return None if found is None else found.given and _names(headers, sender)


def _names(headers: Headers, sender: str) -> bool:
    """Whether the one From field names this sender and no other."""
    fields = headers.all("from")
    if len(fields) != 1 or not sender:
        return False
    addresses = [address.lower() for _, address in getaddresses([fields[0]])]
    return {sender_of(address, address.rpartition("@")[2]) for address in addresses} == {sender}


def _reported(headers: Headers, domain: str, wanted: Collection[str]) -> Proof | None:
    """What the topmost Authentication-Results field of a trusted server says: those below it may be the sender's own."""
    for value in headers.all("authentication-results")[:MAX_RESULTS]:
        named = _AUTHSERV_ID.match(value)
        if named is None or named[1].lower() not in wanted:
            continue
        if any(_aligned(result, domain) for result in _results(value)):
            return Proof(True, f"{named[1]} reports that {domain} signed it")
        return Proof(False, f"{named[1]} does not report that {domain} signed it")
    return None


def _results(value: str) -> list[Any]:
    import authres  # type: ignore[import-untyped,unused-ignore]

    try:
        return list(authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}").results)
    except authres.core.AuthResError:
        return []


def _aligned(result: Any, domain: str) -> bool:
    """Whether this is dkim=pass or dmarc=pass for the domain (RFC 8601, 2.7.1; RFC 7489, 11.1)."""
    if str(result.result).lower() != "pass":
        return False
    names = {"dkim": ("d", "i"), "dmarc": ("from",)}.get(str(result.method).lower(), ())
    said = [
        str(p.value).rpartition("@")[2]
        for p in result.properties
        if str(p.type).lower() == "header" and str(p.name).lower() in names
    ]
    return bool(said) and all(organisational(name) == domain for name in said)


def _signed(raw: bytes, domain: str, lookup: Lookup | None) -> Proof:
    """Whether a DKIM signature of the domain verifies (RFC 6376)."""
    import dkim  # type: ignore[import-untyped,unused-ignore]

    if len(raw) > MAX_RAW or _LONG_RUN.search(raw) is not None:
        return Proof(False, "its size or its shape keeps its signature from being verified")
    try:
        verifier = dkim.DKIM(raw)
        signatures = [value for name, value in verifier.headers if name.lower() == b"dkim-signature"]
    except (dkim.DKIMException, ValueError):
        return Proof(False, "its header cannot be read as DKIM reads it")
    own = [index for index, value in enumerate(signatures[:MAX_SIGNATURES]) if _signer(value, dkim) == domain]
    if not own:
        return Proof(False, f"it carries no DKIM signature of {domain} that covers all of it")
    if lookup is None:
        return Proof(False, "the key of its DKIM signature is not looked up (dkim_lookups is off)")
    return _verified(verifier, own, domain, lookup, dkim)


def _signer(value: bytes, dkim: Any) -> str:
    """Whose signature this is; empty where it could not prove that the whole mail is the signer's."""
    try:
        tags = dkim.util.parse_tag_value(value)
    except dkim.util.InvalidTagValueList:
        return ""
    covered = {name.strip().lower() for name in tags.get(b"h", b"").split(b":")}
    # With l= anybody may add to the body; without From the sender may be anybody.
    if b"l" in tags or b"from" not in covered or tags.get(b"a", b"").lower() != _ALGORITHM:
        return ""
    return organisational(tags.get(b"d", b"").decode("ascii", "replace"))


def _verified(verifier: Any, signatures: list[int], domain: str, lookup: Lookup, dkim: Any) -> Proof:
    why = f"the DKIM signature of {domain} does not match the mail"

    def txt(name: bytes | str, timeout: int = 0) -> bytes | None:  # noqa: ARG001 (dkimpy's signature)
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        return lookup(text.rstrip("."))

    for index in signatures:
        try:
            if verifier.verify(index, dnsfunc=txt):
                return Proof(True, f"a DKIM signature of {domain} verifies")
        except LookupFailed as error:
            why = str(error)
        except (dkim.DKIMException, ValueError, TypeError, LookupError, ArithmeticError):
            continue
    return Proof(False, why)
