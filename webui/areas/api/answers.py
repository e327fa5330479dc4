"""The objects that the API answers with, a row a key. `Report` and what stands in it have their home in the contract."""

from __future__ import annotations

from collections.abc import Mapping

from blocker.catalogue.values import ACTIONS
from blocker.detect.contract import REFERENCE, REPORT, Key, Keys
from webui.errors import PROBLEM

MOMENT = {"format": "date-time"}

RECORDED: Keys = (
    *REPORT,
    Key("id", "integer", "its number in the catalogue"),
    Key("account", "string", "whose mail it is"),
    Key("mailbox", "string", "the folder that it was found in"),
    Key("uid", "integer", "its UID there"),
    Key("internal_date", "string", "when it reached the mailbox", bounds=MOMENT),
    Key("size", "integer", "octets of the raw message"),
    Key("action", "string", "what was done with it", bounds={"enum": list(ACTIONS)}),
    Key("detail", "string", "why it was left alone, or what else a person should know"),
    Key("proven", "boolean or null", "whether it is proven to be its sender's; null where that is not known"),
    Key("view", "object or null", "addresses, hops and links of tracked mail"),
)

MESSAGES: Keys = (Key("messages", "array", "newest first", RECORDED),)

ABOUT: Keys = (
    Key("name", "string", "unpixel"),
    Key("version", "string", "of the program"),
    Key("api", "integer", "the version of this API"),
    Key("operations", "array of strings", "what this server can do: the operations of its description"),
)

NAMED: Mapping[str, Keys] = {
    "Reference": REFERENCE,
    "Report": REPORT,
    "Recorded": RECORDED,
    "Messages": MESSAGES,
    "About": ABOUT,
    "Problem": PROBLEM,
}
"""Those that have a name in the description."""
