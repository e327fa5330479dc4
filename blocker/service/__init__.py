"""The service: watches mailboxes, judges what arrives, and does what each account's mode asks.

In a process of one's own:

    from blocker.catalogue import Catalogue
    from blocker.config import load
    from blocker.service import Event, Runner

    config = load()
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, observer=print)   # an Event a message, from the account's thread
        runner.start()                                       # a thread an account; returns at once
        runner.sweep("personal")                             # past mail, in this thread; takes turns with the watch
        runner.stop()                                        # within 2 s, between steps

`stores` (a callable from AccountConfig to a signed-in Store) replaces IMAP; without it, `stores.imap(Passwords(ask))`
signs in with the account's password. A `Config` and its `AccountConfig`s can be made by hand: no file is needed.

`runner` has an account's `watch` keep looking, `looks` says how a folder is looked at, and `exchange` how one message
gives its place to its copy. Each imports only what is named after it; what `blocker.judging` thinks of a message is
below all three.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blocker.service.exchange.account import Paused, Stopped
    from blocker.service.exchange.events import Event, Observer
    from blocker.service.exchange.lock import Busy
    from blocker.service.runner import Runner
    from blocker.service.stores import Stores, imap

__all__ = ["Busy", "Event", "Observer", "Paused", "Runner", "Stopped", "Stores", "imap"]

_WHERE = {
    "Busy": "exchange.lock",
    "Event": "exchange.events",
    "Observer": "exchange.events",
    "Paused": "exchange.account",
    "Runner": "runner",
    "Stopped": "exchange.account",
    "Stores": "stores",
    "imap": "stores",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: a command that needs one name does not wait for all."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"blocker.service.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
