"""What LIST and NAMESPACE answer, read leniently: a line that cannot be read is passed over. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Atom, Malformed, split, values

_LISTED = re.compile(rb'[ ]*\(([^)]*)\) +(NIL|"[^"]{0,4}"|[^ "]+) +(.*)', re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


def listed(data: Iterable[Any]) -> list[tuple[frozenset[str], bytes, bytes]]:
    """(attributes, separator, name as sent) of each line of LIST that can be read."""
    lines = []
    for answer in split(data):
        head = answer[0]
        line, literal = head if isinstance(head, tuple) else (head, None)
        found = _LISTED.match(line)
        if found is None:
            continue
        attributes = text.flag_set(tuple(Atom(one) for one in found[1].split()))
        separator = b"" if found[2].upper() == b"NIL" else found[2].strip(b'"')[-1:]
        lines.append((attributes, separator, _name(found[3].strip(), literal)))
    return lines


def _name(name: bytes, literal: bytes | None) -> bytes:
    if literal is not None:
        return literal
    quoted = _QUOTED.match(name)
    return re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else name


def personal(data: Iterable[Any]) -> tuple[bytes, bytes] | None:
    """(prefix, separator) of the first personal namespace in an answer to NAMESPACE (RFC 2342); None without one."""
    for answer in split(data):
        try:
            own = values(answer)[0]
            prefix, separator = own[0][:2]
            return bytes(prefix or b""), bytes(separator or b"")
        except (Malformed, LookupError, TypeError):
            continue
    return None
