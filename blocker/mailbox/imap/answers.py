"""What FETCH and its like answer, read one answer at a time: one that is malformed spoils no other. Pure.

imaplib keeps what a server said as a list: octets for a line, and a pair (line up to the count, literal) for every
counted literal, so that an answer is some pairs and one line. Servers err in all of it; here an answer is either read
whole or `Malformed`, in time that grows as the answer does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Part = bytes | tuple[bytes, bytes]
Item = dict[bytes, Any]
"""What FETCH told of one message, by the name of the data item in upper case."""

MAX_DEPTH = 100
"""Lists within lists; BODYSTRUCTURE nests as deep as a message does."""
_TOKEN = re.compile(
    rb"[ \t]*(?:(?P<open>\()|(?P<close>\))"
    rb'|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    rb"|\{(?P<count>\d{1,15})\+?\}$"
    rb"|(?P<atom>(?:BODY|BINARY)(?:\.PEEK)?\[[^\]]{0,1000}\](?:<\d{1,15}>)?"
    rb'|[^ \t()"]+))',
    re.IGNORECASE,
)
_NUMBER = re.compile(rb"0|[1-9]\d{0,18}")
_ESCAPED = re.compile(rb"\\(.)")


class Malformed(ValueError):
    """An answer that is not IMAP."""


class Atom(bytes):
    """A bare word, as flags are; a message is never told as one."""

    __slots__ = ()


def split(data: Iterable[Part | None]) -> Iterator[list[Part]]:
    """The answers in what imaplib kept of one kind of response."""
    answer: list[Part] = []
    for part in data:
        if part is None:
            continue
        answer.append(part)
        if isinstance(part, bytes):
            yield answer
            answer = []
    if answer:
        yield answer


def values(answer: Sequence[Part]) -> tuple[Any, ...]:
    """An answer's values: tuples for lists, None for NIL, numbers, `Atom`s, and octets for strings. Raises Malformed."""
    stack: list[list[Any]] = [[]]
    for part in answer:
        text, literal = part if isinstance(part, tuple) else (part, None)
        _read(text, literal, stack)
    if len(stack) != 1:
        raise Malformed("a list that does not end")
    return tuple(stack[0])


def _read(text: bytes, literal: bytes | None, stack: list[list[Any]]) -> None:
    """Put the values of one line, which may end with a literal's count, on the innermost list."""
    at, end = 0, len(text.rstrip(b" \t"))
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise Malformed("a quote that does not end")
        at = found.end()
        match found.lastgroup:
            case "open":
                if len(stack) > MAX_DEPTH:
                    raise Malformed("lists that nest too deep")
                stack.append([])
            case "close":
                if len(stack) == 1:
                    raise Malformed("a list that did not begin")
                inner = tuple(stack.pop())
                stack[-1].append(inner)
            case "quoted":
                stack[-1].append(_ESCAPED.sub(rb"\1", found["quoted"]))
            case "count":
                if literal is None or len(literal) != int(found["count"]):
                    raise Malformed("a count that counts nothing")
                stack[-1].append(literal)
            case _:
                stack[-1].append(_word(found["atom"]))


def _word(word: bytes) -> Any:
    if word.upper() == b"NIL":
        return None
    return int(word) if _NUMBER.fullmatch(word) else Atom(word)


def fetched(answer: Sequence[Part]) -> Item:
    """One answer to FETCH. Raises Malformed; text behind the list is a message whose count was too short."""
    told = values(answer)
    if len(told) != 2 or not isinstance(told[1], tuple):
        raise Malformed("not a number and one list")
    item: Item = {}
    _pairs(told[1], item)
    if not isinstance(item.get(b"FLAGS", ()), tuple | None):
        raise Malformed("flags that are no list")
    return item


def _pairs(told: tuple[Any, ...], item: Item) -> None:
    names = iter(told)
    for name in names:
        if isinstance(name, tuple):
            _pairs(name, item)  # Domino puts some items between parentheses of their own
        elif not isinstance(name, bytes):
            raise Malformed("a value without a name")
        else:
            try:
                item[name.upper()] = next(names)
            except StopIteration:
                raise Malformed("a name without a value") from None


def field_of(item: Item) -> bytes:
    """The header field that was asked for, without the empty line that ends every answer; empty where there is none."""
    value = next((value for name, value in item.items() if name.startswith(b"BODY[HEADER")), None)
    return value.removesuffix(b"\r\n") if isinstance(value, bytes) else b""


_UID = re.compile(rb"[ (]UID (\d{1,10})[ )]", re.IGNORECASE)


def uid_of(answer: Sequence[Part]) -> int | None:
    """The UID that a malformed answer names before anything else that a message could hold; None where it does not."""
    first = answer[0][0] if isinstance(answer[0], tuple) else answer[0]
    found = _UID.search(first[:200].partition(b'"')[0])
    return int(found[1]) if found else None
