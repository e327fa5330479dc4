"""Every page and endpoint of an application, asked for in many ways; how long each takes, and how often it asks the database.

The endpoints are read from the application's own map of addresses. What stands in an address is taken from the catalogue:
a common one, one in the middle, and a rare one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.routing import Rule

from blocker.catalogue import Catalogue, MessageFilter
from blocker.catalogue.figures import ORDERS

FIRST = 64 * 1024
"""Octets of an answer that is sent piece by piece (a table of all) that are waited for."""
LEFT_OUT = frozenset({"static", "api.events"})
"""Endpoints that ask the catalogue nothing, or wait until something happens."""
API = "/api/v1"


@dataclass(frozen=True)
class Ask:
    """One request."""

    endpoint: str
    path: str
    method: str = "GET"
    body: bytes | Mapping[str, str] = b""
    mimetype: str = ""

    @property
    def name(self) -> str:
        """How it is told apart in a list."""
        return f"{self.method} {self.path}" if self.method != "GET" else self.path


@dataclass
class Asked:
    """What became of an `Ask` over several rounds."""

    milliseconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Milliseconds of this process's processor time; a server's database works in another one."""
    queries: int = 0
    status: int = 0

    @property
    def p95(self) -> float:
        """95 of 100 rounds took at most so long."""
        return percentile(self.milliseconds, 95)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


@dataclass
class Statements:
    """What was asked of a database: each statement with its parameters."""

    made: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        """Called before a statement is carried out."""
        if not statement.startswith("BEGIN"):
            self.made.append((statement, parameters))


@contextmanager
def statements(store: Catalogue) -> Iterator[Statements]:
    """Listens to what a catalogue asks its database; the beginning of a transaction is no question."""
    heard = Statements()
    event.listen(store.engine, "before_cursor_execute", heard)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", heard)


class Some:
    """Names that stand in a catalogue, from common to rare, for the addresses."""

    def __init__(self, store: Catalogue) -> None:
        senders = [line.domain for line in store.senders("messages", 10_000)]
        vendors = [line.name for line in store.vendors(1000)]
        newest = store.messages(MessageFilter(tracked=True)).items
        messages = [store.message(one.id) for one in (newest[0], newest[-1])]
        self.accounts = [account.name for account in store.accounts()]
        self.senders = _spread(senders)
        self.vendors = _spread(vendors)
        self.messages = [str(one.id) for one in messages if one]
        self.message_ids = [one.report.message.message_id for one in messages if one]
        self.sha256 = [one.report.message.sha256 for one in messages if one]
        common = store.sender(senders[0])
        vendor = store.vendor(vendors[0])
        assert common is not None
        assert vendor is not None
        self.hosts = [*(host for host, _ in vendor.hosts[:1]), f"img.{senders[-1]}"]

    def values(self, name: str, address: str) -> list[str]:
        """What an argument of an address may be."""
        if "accounts" in address:
            return self.accounts[:1]
        known = {
            "domain": self.senders,
            "sender": self.senders,
            "name": self.vendors,
            "account": self.accounts[:1],
            "id": self.messages,
            "id_": self.messages,
        }
        return known.get(name, ["1"])

    def queries(self) -> Iterator[Mapping[str, str]]:
        """What a list may be asked for."""
        today = datetime.now(UTC).date()
        yield {}
        yield from ({"days": days} for days in ("7", "30", "90", "365", "all"))
        yield from ({"days": "all", "account": name} for name in (self.accounts[0], self.accounts[-1]))
        yield {"since": str(today - timedelta(days=500)), "until": str(today - timedelta(days=200))}
        yield from ({"sender": name} for name in self.senders)
        yield from ({"vendor": name} for name in self.vendors)
        yield from ({"host": name} for name in self.hosts)
        yield from ({"kind": kind} for kind in ("pixel", "beacon", "personal", "content"))
        yield from ({"tracked": said} for said in ("yes", "no"))
        yield from ({"action": action} for action in ("replaced", "left", "copied"))
        yield from ({"text": text} for text in ("offer", "museum guide", "zzz no such", self.senders[1][:9]))
        yield from ({"order": order} for order in ORDERS)
        yield from ({"page": page} for page in ("2", "40", "99999999"))
        yield {"kind": "beacon", "account": self.accounts[-1], "days": "365"}
        yield {"vendor": self.vendors[0], "sender": self.senders[0], "tracked": "yes"}
        yield {"text": "offer", "tracked": "yes", "days": "90"}
        yield {"message_id": self.message_ids[0]}
        yield {"sha256": self.sha256[0]}
        yield from ({"by": name, "days": "365"} for name in ("day", "sender", "vendor"))


def _spread(names: Sequence[str]) -> list[str]:
    return [names[0], names[len(names) // 2], names[-1]]


def asks(app: Flask, some: Some, described: Mapping[str, Any]) -> Iterator[Ask]:
    """Every way in which each address that is read is asked for. The API takes what its description says, and no more."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in LEFT_OUT:
            yield from _reads(rule, some, _taken(rule, described))


def _taken(rule: Rule, described: Mapping[str, Any]) -> frozenset[str] | None:
    """The parameters that an endpoint of the API knows; None of a page, which takes any."""
    if not rule.rule.startswith(API):
        return None
    path = re.sub(r"<(?:[^>]*:)?([^>]*)>", r"{\1}", rule.rule)
    paths = described["paths"]
    told = paths.get(path, paths.get(path.removeprefix(API), {})).get("get", {})
    return frozenset(one["name"] for one in told.get("parameters", ()) if one.get("in") == "query")


def _reads(rule: Rule, some: Some, taken: frozenset[str] | None) -> Iterator[Ask]:
    names = sorted(rule.arguments)
    several = [{}] if names else [one for one in some.queries() if taken is None or taken.issuperset(one)]
    for values in product(*(some.values(name, rule.rule) for name in names)):
        path = rule.rule
        for (_, whole), value in zip(_arguments(rule), _in_order(rule, names, values), strict=True):
            path = path.replace(whole, quote(value, safe=""))
        for query in several:
            yield Ask(rule.endpoint, f"{path}?{urlencode(query)}" if query else path)


def _arguments(rule: Rule) -> list[tuple[str, str]]:
    """Each argument of a rule, and how it is written there."""
    pieces = [piece.partition(">")[0] for piece in rule.rule.split("<")[1:]]
    return [(piece.rpartition(":")[2], f"<{piece}>") for piece in pieces]


def _in_order(rule: Rule, names: Sequence[str], values: Sequence[str]) -> list[str]:
    known = dict(zip(names, values, strict=True))
    return [known[name] for name, _ in _arguments(rule)]


def unasked(app: Flask) -> list[str]:
    """Endpoints that only take something: nothing here makes up what they would be given."""
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return sorted({rule.endpoint for rule in app.url_map.iter_rules()} - read - LEFT_OUT)


def once(client: FlaskClient, one: Ask, headers: Mapping[str, str], heard: Statements, into: Asked) -> None:
    """Ask once, and note what it took; of a long table the beginning is waited for."""
    heard.made.clear()
    start, cpu = time.perf_counter(), time.process_time()
    answer = client.open(
        one.path,
        method=one.method,
        data=one.body or None,
        content_type=one.mimetype or None,
        headers=dict(headers) if "/api/" in one.path or one.path.startswith("/metrics") else {},
        buffered=False,
    )
    read = 0
    for piece in answer.iter_encoded():
        read += len(piece)
        if read >= FIRST:
            break
    into.milliseconds.append(1000 * (time.perf_counter() - start))
    into.processor.append(1000 * (time.process_time() - cpu))
    answer.close()
    into.queries = max(into.queries, len(heard.made))
    into.status = answer.status_code
