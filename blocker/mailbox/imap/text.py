"""What IMAP writes and what a person reads: small pure functions around the protocol's text.

Nothing here touches a socket. Server text is untrusted: it is cut and cleaned before it stands in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, OverQuota, TryLater
from blocker.message.dates import zoned
from blocker.pieces import pieces

CHUNK = 500
"""UIDs in one command: a line stays below the 8,192 octets that servers must take (RFC 7162, section 4)."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SYSTEM = {flag.lower(): flag for flag in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")}
_FLAG = re.compile(r"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|~]{1,200}")
_UID = re.compile(rb"\d{1,10}")
_ALL = re.compile(rb"\bALL ([\d:,]+)", re.IGNORECASE)
_YEAR_OF_ROME = re.compile(r"-00\d\d ")
_CODE = re.compile(r"\s*\[([A-Z-]{1,40})(?: ([^\]]{0,4000}))?\]\s*")
_BAD = re.compile(r"^\w+ command error: BAD \[b?['\"](.*)['\"]\]$", re.DOTALL)

_WRAPPED = re.compile(r"^\w{1,20} failed: | \(\d[\d.+ ]{1,40} secs\)\.?$")
"""What imapclient puts before a server's text, and what Dovecot puts behind its own."""


# --- what is sent -------------------------------------------------------------------------------------


def date_time(when: datetime) -> str:
    """An aware datetime as RFC 9051 ``date-time``, quoted; months are English in every locale."""
    offset = when.utcoffset()
    if offset is None:
        raise ValueError("an INTERNALDATE needs a time zone")
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    return f'"{when.day:02}-{_MONTHS[when.month - 1]}-{when.year:04} {when:%H:%M:%S} {zone}"'


def day(when: date) -> str:
    """A day as SEARCH wants it."""
    return f"{when.day}-{_MONTHS[when.month - 1]}-{when.year:04}"


def flag_list(flags: Iterable[str]) -> str:
    """Flags in parentheses. Raises MailboxError for one that IMAP cannot carry (RFC 9051 ``flag``)."""
    flags = list(flags)
    for flag in flags:
        if not _FLAG.fullmatch(flag):
            raise MailboxError(f"{flag!r} cannot be an IMAP keyword; choose letters, digits, $, - and _.")
    return f"({' '.join(flags)})"


def quoted(text: str) -> str:
    """An ASCII string between quotes (RFC 9051 ``quoted``)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The UIDs in lists short enough for one command."""
    return pieces(uids, CHUNK)


# --- what is received ---------------------------------------------------------------------------------


def flag_set(flags: Any) -> frozenset[str]:
    """Flags as text, without ``\\Recent``, which belongs to a session; system flags in their usual case.

    `flags` is a list as `imap_answers.values` gives it: a keyword may be called NIL or 7, and some servers nest lists.
    """
    texts = list(_flags(flags))
    return frozenset(_SYSTEM.get(text.lower(), text) for text in texts if text.lower() != "\\recent")


def _flags(flags: Any) -> Iterator[str]:
    for flag in flags if isinstance(flags, tuple) else ():
        if isinstance(flag, tuple):
            yield from _flags(flag)
        elif isinstance(flag, bytes):
            yield flag.decode("ascii", "backslashreplace")
        else:
            yield "NIL" if flag is None else str(flag)


def arrival(when: Any) -> datetime:
    """INTERNALDATE, aware, and one that can be told in UTC. Raises ValueError."""
    said = when.decode("ascii").strip() if isinstance(when, bytes) else ""
    if _YEAR_OF_ROME.search(said):
        raise ValueError("a year that would be read as one of this century")
    try:
        found = zoned(parsedate_to_datetime(said.replace("-", " ", 2)))
        found.astimezone(UTC)
    except (TypeError, LookupError, ArithmeticError) as error:
        raise ValueError("no date") from error
    return found


def uid_set(text: str) -> list[int]:
    """UIDs of a ``uid-set`` in their order: ``3:5,9`` is 3, 4, 5, 9. Raises ValueError for anything else."""
    uids: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        low, high = int(first), int(last or first)
        if low > high:
            low, high = high, low
        if high - low > 100_000:
            raise ValueError("a uid-set of more than 100,000")
        uids.extend(range(low, high + 1))
    return uids


def searched(data: Iterable[Any], extended: Iterable[Any]) -> list[int]:
    """UIDs in answers to SEARCH, and to its extended form (RFC 9051, 7.3.4), ascending; what is no UID is passed over."""
    found: set[int] = set()
    for line in data:
        words = line.partition(b"(")[0].split() if isinstance(line, bytes) else ()  # then may come (MODSEQ 9)
        found.update(int(word) for word in words if _UID.fullmatch(word))
    for line in extended:
        told = _ALL.search(line) if isinstance(line, bytes) else None
        found.update(uid_set(told[1].decode("ascii")) if told else ())
    return sorted(uid for uid in found if 0 < uid < 2**32)


def copied(data: str) -> dict[int, int]:
    """The new UIDs by the old that a COPYUID code tells; nothing where it cannot be read (RFC 4315, section 3)."""
    words = data.split(" ")
    try:
        old, new = uid_set(words[1]), uid_set(words[2])
    except (IndexError, ValueError):
        return {}
    return dict(zip(old, new, strict=True)) if len(old) == len(new) else {}


def response_code(text: str) -> tuple[str, str]:
    """(code, its data) at the start of a status text, or two empty strings."""
    found = _CODE.match(text)
    return (found[1], found[2] or "") if found else ("", "")


def last(data: Sequence[Any]) -> object:
    """The text that stands beside a status, as imaplib gives it."""
    return data[-1] if data and data[-1] is not None else b""


def clean(answer: object) -> str:
    """A server's text for people: one line, no control characters, at most 200 characters."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    wrapped = _BAD.match(text)
    text = " ".join((_WRAPPED.sub("", wrapped[1] if wrapped else text)).split())
    text = "".join(c for c in text if c.isprintable()).rstrip(".; ")
    return text if len(text) <= 200 else text[:199] + "…"


# --- what is said about failures ----------------------------------------------------------------------

_NEXT = {
    "NOPERM": "ask the owner of the folder for the right to do this",
    "TRYCREATE": "create that folder first",
    "NONEXISTENT": "check the folder's name",
    "CANNOT": "choose another folder name",
    "SERVERBUG": "tell the server's administrator",
    "CONTACTADMIN": "tell the server's administrator",
}
_FULL = ("OVERQUOTA", "TOOBIG", "LIMIT")
_BUSY = {"UNAVAILABLE": 60.0, "INUSE": 30.0, "LIMIT": 120.0}
"""Seconds to leave a server alone that gives such a code (RFC 9051, section 7.1) and does not say how long."""
_BACKOFF = re.compile(r"backoff time:? {0,3}(\d{1,9}) {0,3}(?:ms|milli)", re.IGNORECASE)
"""As Exchange puts it: "Request is throttled. Suggested Backoff Time: 299961 milliseconds"."""
_LONGEST = 3600.0


def busy(text: str) -> float | None:
    """Seconds for which a server wants to be left alone; None where its answer does not say that it is busy."""
    asked = _BACKOFF.search(text)
    if asked is not None:
        return min(int(asked[1]) / 1000, _LONGEST)
    return _BUSY.get(response_code(text)[0])


def refused(host: str, doing: str, answer: object) -> MailboxError:
    """The server said NO or BAD to `doing` (an infinitive)."""
    text = clean(answer)
    code, _ = response_code(text)
    rest = _CODE.sub("", text, count=1) or code
    storing = doing.startswith(("store", "move", "copy"))
    if code == "OVERQUOTA" or (storing and (code in _FULL or "quota" in rest.lower())):
        return OverQuota(f"{host} has no room to {doing} ({rest}); free some space, nothing was changed.")
    if (seconds := busy(text)) is not None:
        return TryLater(f"{host} is too busy to {doing} ({rest}); it will be asked again later.", seconds)
    step = _NEXT.get(code, "check the folder and the account's rights")
    return MailboxError(f"{host} would not {doing} ({rest}); {step}.")


def sign_in_refused(
    host: str, user: str, answer: object, secret: str, *, token: bool = False
) -> MailboxError:
    """The server did not let `user` in with a password, or a token; never holds it, even where the server echoes it."""
    text = clean(answer)
    if secret:
        text = text.replace(secret, "…")
    code, _ = response_code(text)
    rest = _CODE.sub("", text, count=1) or code
    seconds = _BUSY["UNAVAILABLE"] if code == "SERVERBUG" else busy(text)
    if seconds is not None:
        return TryLater(f"{host} cannot sign {user} in now ({rest}); it will work again later.", seconds)
    if code in ("PRIVACYREQUIRED",):
        return MailboxError(f'{host} wants an encrypted connection; set security to "tls" or "starttls".')
    if token:
        return LoginRefused(
            f"{host} does not accept the access token of {user} ({rest}); sign in again with "
            "`unpixel account sign-in`, and check that the account allows IMAP."
        )
    return LoginRefused(
        f"{host} does not accept the user name or password of {user} ({rest}); "
        "check both, and whether the provider asks for an app password."
    )


def lost(host: str, doing: str, error: BaseException) -> ConnectionLost:
    """The link broke while the store tried to `doing`."""
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"{host} did not answer in time while asked to {doing}; connect again later.")
    why = clean(error).removeprefix("socket error: ") or type(error).__name__
    if (seconds := busy(why)) is not None:
        return TryLater(f"{host} is too busy to {doing} ({why}); it will be asked again later.", seconds)
    return ConnectionLost(f"The connection to {host} broke while asked to {doing} ({why}); connect again.")
