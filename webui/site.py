"""What a request needs to know of the application it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import cast

from flask import current_app, request

from blocker.catalogue import Catalogue
from blocker.sealed import Opener
from blocker.sender import Trust
from webui.access.hosts import Hosts
from webui.access.throttle import Throttle
from webui.access.who import accounts
from webui.fragments import Fragments
from webui.limiter import Limiter
from webui.rates import Rates


@dataclass(frozen=True, slots=True)
class Site:
    """One application's own things."""

    catalogue: Catalogue
    key: bytes | None
    """The installation's key, which signs what the API neutralises."""
    trust: Trust = Trust()  # noqa: RUF009 (frozen)
    """What proves that a mail is its sender's."""
    open_metrics: bool = False
    """Whether /metrics answers whoever can reach it."""
    hosts: Hosts = Hosts()  # noqa: RUF009 (frozen)
    """Under which names the pages answer."""
    throttle: Throttle = field(default_factory=Throttle)
    pairings: Limiter = field(default_factory=lambda: Limiter(allowed=20))
    """How often an address may guess a plug-in's code."""
    config: Path | None = None
    """The configuration's file, which owners may change in part; none where there is none to change."""
    opener: Opener = field(default_factory=Opener)
    """Opens the previews that this process asked for."""
    unprovable: frozenset[str] = frozenset()
    """Accounts of which nothing can prove, as things are set, that a mail is its sender's."""
    fragments: Fragments = field(default_factory=Fragments)
    """Parts of pages that stay up to date."""
    rates: Rates = field(default_factory=Rates)
    """How often a program may ask."""
    origins: frozenset[str] = frozenset()
    """Of the pages that a browser lets use the API."""


def site() -> Site:
    """The present application's `Site`."""
    return cast(Site, current_app.extensions["unpixel"])


def catalogue() -> Catalogue:
    """The present application's catalogue, as whoever sends the present request may see it: a view cannot forget whose
    accounts it may show."""
    return site().catalogue.limited(accounts())


def is_api() -> bool:
    """Whether the request is a program's, which shows a token: the plugin door, or monitoring."""
    return request.path.startswith("/api/v") or request.path == "/metrics"


def wants_json() -> bool:
    """Whether the request's answer is JSON, also where it is an error."""
    return is_api() or request.path.endswith(".json")


def version() -> str:
    """Of the program; `unknown` where it runs without being installed."""
    try:
        return metadata.version("unpixel")
    except metadata.PackageNotFoundError:
        return "unknown"
