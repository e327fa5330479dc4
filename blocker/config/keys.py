"""What a key of the configuration is: the values it takes, and what it means.

Each field of the configuration's dataclasses carries one `Key`. The file is read by it, and the manual's table is made
of it; there is no other list of keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from blocker.config.loopback import is_loopback

_KEY, _TABLE = "key", "table"
TABLE: Mapping[str, bool] = {_TABLE: True}
"""The metadata of a field that is a table of the file, with keys of its own."""


class Wrong(Exception):
    """A value cannot stand there; the text is the sentence behind the place."""


class Kind(Protocol):
    """A kind of value."""

    def read(self, name: str, value: Any, folder: Path) -> Any:
        """The value that TOML gave for the key `name`, checked; a relative path starts at `folder`. Raises Wrong."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key."""

    kind: Kind
    meaning: str
    """What it says, for people, in Markdown."""
    without: str = ""
    """What holds where it is missing, for people, where the field's default does not tell it."""
    example: str = ""
    """For a key that must be there: what to write."""
    signs_in: bool = False
    """Whether it is a way to sign in with nobody at a terminal."""


def takes(
    kind: Kind, meaning: str, *, without: str = "", example: str = "", signs_in: bool = False
) -> Mapping[str, Key]:
    """The metadata of a dataclass's field that is a key of the file."""
    return {_KEY: Key(kind, meaning, without, example, signs_in)}


def keys_of(kind: type) -> dict[str, Key]:
    """The keys of a table, by name, in the order of the dataclass's fields."""
    return {each.name: key_of(each) for each in fields(kind) if _KEY in each.metadata}


def key_of(field: Field[Any]) -> Key:
    """The key that a field is."""
    key = field.metadata[_KEY]
    assert isinstance(key, Key)
    return key


def tables_of(kind: type) -> tuple[str, ...]:
    """The names of a table's own tables."""
    return tuple(each.name for each in fields(kind) if _TABLE in each.metadata)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    def read(self, name: str, value: Any, _folder: Path) -> str:
        """Without the spaces around it."""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise Wrong(f'`{name}` is one line of text: write {name} = "…".')
        return value.strip()


@dataclass(frozen=True, slots=True)
class Address(Line):
    """A mail address, as far as a typing mistake can be told."""

    def read(self, name: str, value: Any, folder: Path) -> str:
        """As it is written."""
        text = Line.read(self, name, value, folder)
        local, at, domain = text.rpartition("@")
        if not (local and at and domain) or " " in text:
            raise Wrong(f'"{text}" is no mail address: write {name} = "you@example.org".')
        return text


@dataclass(frozen=True, slots=True)
class Folder(Line):
    """A mailbox's folder."""

    def read(self, name: str, value: Any, folder: Path) -> str:
        """Its one name: that of the inbox counts in any case (RFC 9051, 5.1)."""
        return inbox_is_one(Line.read(self, name, value, folder))


@dataclass(frozen=True, slots=True)
class Issuer(Line):
    """A sign-in provider: one that is known by name, or the URL of an OpenID provider."""

    def read(self, name: str, value: Any, folder: Path) -> str:
        """As it is written."""
        text = Line.read(self, name, value, folder)
        local = text.startswith("http://") and is_loopback(_host_of(text))
        if text in _SIGN_INS or text.startswith("https://") or local:
            return text
        known = ", ".join(f'"{one}"' for one in _SIGN_INS)
        raise Wrong(f'`{name}` cannot be "{text}": write {known}, or an issuer\'s https:// URL.')


_SIGN_INS = ("microsoft", "google")


def _host_of(url: str) -> str:
    """The host of a URL, an IPv6 address without its brackets; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Network(Line):
    """An IP address."""

    def read(self, name: str, value: Any, folder: Path) -> str:
        """As its family writes it."""
        try:
            return str(ip_address(Line.read(self, name, value, folder)))
        except ValueError:
            raise Wrong(f'`{name}` is an IP address: write {name} = "127.0.0.1".') from None


@dataclass(frozen=True, slots=True)
class FilePath(Line):
    """A path."""

    def read(self, name: str, value: Any, folder: Path) -> Path:  # type: ignore[override]
        """In full."""
        return (folder / Path(Line.read(self, name, value, folder)).expanduser()).absolute()


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts."""

    some: bool = False
    """Whether it must have one."""

    def read(self, name: str, value: Any, _folder: Path) -> tuple[str, ...]:
        """In their order."""
        right = isinstance(value, list) and all(
            isinstance(v, str) and v.strip() and v.isprintable() for v in value
        )
        if not right or (self.some and not value):
            raise Wrong(f'`{name}` is a list of texts: write {name} = ["…"].')
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Folders(Texts):
    """A list of folders, one at the least."""

    some: bool = True

    def read(self, name: str, value: Any, folder: Path) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(map(inbox_is_one, Texts.read(self, name, value, folder))))


@dataclass(frozen=True, slots=True)
class Origins(Texts):
    """A list of origins of web pages, as a browser writes them (RFC 6454, 6.2)."""

    def read(self, name: str, value: Any, folder: Path) -> tuple[str, ...]:
        """Each once, in lower case."""
        found = tuple(dict.fromkeys(text.lower() for text in Texts.read(self, name, value, folder)))
        for text in found:
            scheme, _, rest = text.partition("://")
            if not scheme or not rest or any(c in "/?#@* " for c in rest):
                raise Wrong(
                    f'"{text}" is no origin: write {name} = ["https://mail.example.org"], without a path.'
                )
        return found


def inbox_is_one(folder: str) -> str:
    """The folder's one name."""
    return "INBOX" if folder.upper() == "INBOX" else folder


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    def read(self, name: str, value: Any, _folder: Path) -> bool:
        """As it is."""
        if not isinstance(value, bool):
            raise Wrong(f"`{name}` is true or false, without quotes.")
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, name: str, value: Any, _folder: Path) -> str:
        """The word of `words`, which may be a value with more to it."""
        for word in self.words:
            if value == word:
                return word
        said = f'"{value}"' if isinstance(value, str) else str(value)
        near = difflib.get_close_matches(str(value).lower(), self.words, 1)
        fix = f'did you mean "{near[0]}"?' if near else f"choose one of {', '.join(self.words)}."
        raise Wrong(f"`{name}` cannot be {said}: {fix}")


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds."""

    low: float
    high: float
    unit: str
    """What it counts, in the plural."""

    def read(self, name: str, value: Any, _folder: Path) -> float:
        """As a float."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.low <= value <= self.high
        ):
            raise Wrong(f"`{name}` cannot be {value!r}: write a number from {self.low:g} to {self.high:g}.")
        return float(value)


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port."""

    def read(self, name: str, value: Any, _folder: Path) -> int:
        """As it is."""
        if type(value) is not int or not 1 <= value <= 65535:
            raise Wrong(f"`{name}` cannot be {value!r}: write a whole number from 1 to 65535.")
        return value


DAYS = Number(1, 36500, "days")
