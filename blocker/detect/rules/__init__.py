"""The vendor file, read and checked: who tracks mail, from which hosts and paths, and which hosts hand over a service's mail.

`vendors.toml` beside this module is the packaged default; its first lines explain its keys. Reading turns it into values or
raises one sentence that names the vendor and the key; nothing here matches anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import re2  # type: ignore[import-untyped]  # ships no types

ROLES = ("esp", "tracker", "ad", "sales", "analytics", "commerce")
KINDS = ("open", "aggregate", "ad", "personal", "click")
ANY_HOST = "*"

_VENDOR_KEYS = {"name", "named", "role", "domains", "relays", "rule"}
_RULE_KEYS = {"kind", "hosts", "path", "seen", "match", "miss"}
_HOST = re2.compile(r"^[a-z0-9#-]+(\.[a-z0-9#-]+)+$")


class RulesError(ValueError):
    """The vendor file cannot be used; the text is one sentence that names the vendor and the key."""


@dataclass(frozen=True, slots=True)
class UrlRule:
    """Where a vendor is contacted. `path` is an RE2 pattern on pathname+search, "" for a whole host."""

    id: str
    kind: str
    hosts: tuple[str, ...]
    path: str
    seen: str
    match: str
    miss: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """One company or product.

    `relays` are the domains whose hosts hand over the mail that it makes, `domains` further ones of its own.
    """

    name: str
    role: str
    rules: tuple[UrlRule, ...]
    relays: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    named: bool = True
    """Whether `name` is its name: of some mailing systems nothing but their URLs is known."""


def options() -> re2.Options:
    """How every pattern is compiled: letters match both cases, and a bad one is an exception, not a log line."""
    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.log_errors = False
    return chosen


def read(path: Path | None = None) -> tuple[Vendor, ...]:
    """Read and check a vendor file: the packaged one where no path is given. Raises RulesError."""
    source = path or resources.files(__name__).joinpath("vendors.toml")
    try:
        return parse(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"The vendor file {source} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RulesError(f"The vendor file {source} is not UTF-8: save it in that encoding.") from error


def parse(text: str) -> tuple[Vendor, ...]:
    """Turn the text of a vendor file into vendors. Raises RulesError with the first thing that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The vendor file is not TOML: {error}.") from error
    _known("The vendor file", document, {"vendor"})
    vendors = tuple(_vendor(number, table) for number, table in enumerate(_tables(document, "vendor"), 1))
    _unique(vendors)
    return vendors


def slug(name: str) -> str:
    """The part of a rule id that stands for a vendor: "Campaign Monitor" gives "campaign-monitor"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _vendor(number: int, table: Mapping[str, Any]) -> Vendor:
    name = _text(f"Vendor number {number}", table, "name")
    where = f"Vendor {name!r}"
    _known(where, table, _VENDOR_KEYS)
    role = _choice(where, table, "role", ROLES)
    ids = _ids(slug(name))
    rules = tuple(_rule(where, row, ids) for row in _tables(table, "rule", where))
    relays, domains = (_names(where, table, key) if key in table else () for key in ("relays", "domains"))
    if not (rules or relays or domains):
        raise RulesError(f"{where}: give at least one 'rule', or key 'relays' or 'domains'.")
    return Vendor(name, role, rules, relays, domains, _flag(where, table, "named"))


def _rule(where: str, row: Mapping[str, Any], ids: Callable[[str], str]) -> UrlRule:
    _known(where, row, _RULE_KEYS)
    kind = _choice(where, row, "kind", KINDS)
    hosts = _hosts(where, row)
    path = _pattern(where, row, "path")
    if ANY_HOST in hosts and not path.startswith("^"):
        raise RulesError(f"{where}: a rule for any host needs a key 'path' that begins with '^'.")
    seen, match, miss = (_text(where, row, key) for key in ("seen", "match", "miss"))
    return UrlRule(ids(kind), kind, hosts, path, seen, match, miss)


def _ids(prefix: str) -> Callable[[str], str]:
    """Number the rules of one vendor: mailchimp/open, mailchimp/open-2 …; the order in the file decides."""
    used: dict[str, int] = {}

    def next_id(kind: str) -> str:
        used[kind] = used.get(kind, 0) + 1
        return f"{prefix}/{kind}" if used[kind] == 1 else f"{prefix}/{kind}-{used[kind]}"

    return next_id


def _tables(
    table: Mapping[str, Any], key: str, where: str = "The vendor file"
) -> Iterator[Mapping[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RulesError(f"{where}: key {key!r} must be a list of tables, written [[…{key}]].")
    yield from rows


def _known(where: str, table: Mapping[str, Any], keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            raise RulesError(f"{where}: unknown key {key!r}; the keys here are {', '.join(sorted(keys))}.")


def _text(where: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RulesError(f"{where}: key {key!r} is missing or empty; give it a text.")
    return value


def _flag(where: str, table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, True)
    if not isinstance(value, bool):
        raise RulesError(f"{where}: key {key!r} must be true or false.")
    return value


def _choice(where: str, table: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = _text(where, table, key)
    if value not in choices:
        raise RulesError(f"{where}: key {key!r} is {value!r}; choose one of {', '.join(choices)}.")
    return value


def _hosts(where: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    return (ANY_HOST,) if table.get("hosts") == [ANY_HOST] else _names(where, table, "hosts")


def _names(where: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = table.get(key)
    if not isinstance(names, list) or not names:
        also = ', or ["*"] for any host' if key == "hosts" else ""
        raise RulesError(f"{where}: key {key!r} must be a list of host names{also}.")
    for name in names:
        if not isinstance(name, str) or not _HOST.search(name):
            raise RulesError(f"{where}: key {key!r} holds {name!r}, which is no lower-case host name.")
    return tuple(names)


def _pattern(where: str, table: Mapping[str, Any], key: str) -> str:
    pattern = table.get(key)
    if not isinstance(pattern, str):
        raise RulesError(f"{where}: key {key!r} is missing; give a pattern, or an empty text for none.")
    try:
        re2.compile(pattern, options())
    except re2.error as error:
        detail = error.args[0] if error.args else "bad pattern"
        detail = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail
        raise RulesError(f"{where}: key {key!r} is no RE2 pattern ({pattern!r}): {detail}.") from error
    return pattern


def _unique(vendors: tuple[Vendor, ...]) -> None:
    seen: dict[str, str] = {}
    for vendor in vendors:
        other = seen.setdefault(slug(vendor.name), vendor.name)
        if other is not vendor.name:
            raise RulesError(f"Vendor {vendor.name!r}: key 'name' is used twice (also {other!r}).")
