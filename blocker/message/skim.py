"""A message without the contents of its attachments: all that judging reads of a large one.

What is read of a part is decided by `blocker.message.read`; an IMAP server tells of which parts a message is made
(BODYSTRUCTURE, RFC 9051, section 7.5.2). The two have to agree, or the message is to be read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from blocker.message.declared import boundaries
from blocker.message.headers import Headers, read_headers
from blocker.message.mime import Part, read_structure
from blocker.message.read import reads

LARGE = 64 * 1024
"""Octets above which a part is left out."""
MAX_NODES = 100
"""Parts of a message that is put together from them: one with more is read whole."""
_EOL = b"\r\n"
_BOUNDARY = re.compile(r"boundary[ \t*0-9]{0,20}=")
"""The parameter, the continued or encoded one (RFC 2231) too."""


class Node(NamedTuple):
    """A part as a server tells it."""

    path: str
    """Its section (RFC 9051, section 6.4.5); empty for a message that is a multipart."""
    kind: str
    """Type and subtype in lower case."""
    octets: int = 0
    """Of a leaf's body, as it is encoded."""
    children: tuple[Node, ...] = ()
    """Of a multipart. An attached message is a leaf here: it is taken whole."""

    @property
    def leaves(self) -> Iterator[Node]:
        """The parts that hold no others, in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves

    @property
    def omitted(self) -> bool:
        """Whether its contents are left out."""
        return self.octets > LARGE and not self.children and not self.kind.startswith(_READ)


_READ = ("text/", "message/", "multipart/")
"""Types that are looked into whatever else is said of the part."""


def sections(root: Node) -> list[str]:
    """What to ask a server for: the header of every part, and the contents of those that are not left out."""
    heads = [f"{path}.MIME" for path in _paths(root) if path and path != root.path]
    return heads + [leaf.path for leaf in root.leaves if not leaf.omitted]


def assembled(root: Node, header: bytes, told: Mapping[str, bytes]) -> bytes | None:
    """The message with empty bodies in place of those left out; None where it has to be read whole.

    `told` holds the contents of each of `sections`. The preamble and the epilogue of a multipart, which nobody is
    shown, are left out too. Only of parts after a carriage return that no line feed follows, which no server delivers,
    could a server know less than we do.
    """
    pieces: list[bytes] = []
    if not _put(root, header, told, pieces):
        return None
    raw = b"".join(pieces)
    structure = read_structure(raw)
    attached = tuple(f"{leaf.path}." for leaf in root.leaves if leaf.kind.startswith("message/"))
    found = {part.path: part for part in structure.parts if not f"{part.path}.".startswith(attached)}
    wanted = {leaf.path: leaf for leaf in root.leaves if f"{leaf.path}." not in attached}
    if structure.cut or found.keys() != wanted.keys():
        return None
    return None if any(leaf.omitted and reads(found[path]) for path, leaf in wanted.items()) else raw


def without_attachments(raw: bytes) -> bytes | None:
    """The same of a message that lies here whole; None where nothing is left out."""
    large = [part for part in read_structure(raw).parts if _is_large(part)]
    pieces, position = [], 0
    for part in large:
        pieces.append(raw[position : part.start])
        position = part.end
    return b"".join([*pieces, raw[position:]]) if large else None


def _is_large(part: Part) -> bool:
    return part.enclosure is None and part.end - part.start > LARGE and not reads(part)


def _paths(node: Node) -> Iterator[str]:
    yield node.path
    for child in node.children:
        yield from _paths(child)


def _put(node: Node, header: bytes, told: Mapping[str, bytes], pieces: list[bytes]) -> bool:
    """Append one part; whether there is no doubt about it."""
    headers = read_headers(header, 0, len(header))
    ends = header.endswith(_EOL + _EOL) or header == _EOL
    if headers.cut or headers.others or not ends or headers.end != len(header):
        return False
    if headers.is_repeated("content-type") or headers.is_repeated("content-transfer-encoding"):
        return False
    pieces.append(header)
    if not node.children:
        body = b"" if node.omitted else told[node.path]
        pieces.append(body)
        return node.omitted or len(body) == node.octets
    boundary = _agreed(headers)
    if boundary is None:
        return False
    for child in node.children:
        pieces.append(b"--" + boundary + _EOL)
        if not _put(child, told[f"{child.path}.MIME"] or _EOL, told, pieces):
            return False
        pieces.append(_EOL)
    pieces.append(b"--" + boundary + b"--" + _EOL)
    return True


def _agreed(headers: Headers) -> bytes | None:
    """The boundary where every program reads the same one."""
    named = _BOUNDARY.findall(headers.first("content-type").lower())
    meant = boundaries(headers)
    return (meant[0] or None) if len(named) == len(meant) == 1 and "*" not in named[0] else None
