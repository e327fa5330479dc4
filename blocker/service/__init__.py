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

`steps` and `plan` decide, `act` carries out, `journal` and `spool` remember; `folder` looks through a folder,
`watch` keeps looking, `finish` goes on with what was under way, `sweep` looks at past mail, `restore` puts an original back.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blocker.service.desk import Stopped
    from blocker.service.events import Event, Observer
    from blocker.service.lock import Busy
    from blocker.service.runner import Runner
    from blocker.service.stores import Stores, imap

__all__ = ["Busy", "Event", "Observer", "Runner", "Stopped", "Stores", "imap"]

_WHERE = {
    "Busy": "lock",
    "Event": "events",
    "Observer": "events",
    "Runner": "runner",
    "Stopped": "desk",
    "Stores": "stores",
    "imap": "stores",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: a judging process needs none of it."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"blocker.service.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
