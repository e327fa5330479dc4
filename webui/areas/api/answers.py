"""The objects that the API answers with, a row a key. `Report` and what stands in it have their home in the contract."""

from __future__ import annotations

from collections.abc import Mapping

from blocker.catalogue.values import ACTIONS
from blocker.choices.levels import SETTINGS
from blocker.detect.contract import REASON, REFERENCE, REPORT, Key, Keys
from blocker.detect.report import BLOCKED as BLOCKED_KINDS
from blocker.detect.report import KINDS
from blocker.detect.rules import KINDS as RULE_KINDS
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

BLOCKED: Keys = (
    Key("url", "string or null", "what a browser would fetch"),
    Key("kind", "string", "`pixel` or `beacon`", bounds={"enum": sorted(BLOCKED_KINDS)}),
    Key("vendor", "string or null", "whose service it is, where known"),
    Key("why", "string", "the strongest reason, in a sentence"),
)

SUMMARY: Keys = (
    Key("tracked", "boolean", "whether it has a pixel or a beacon"),
    Key("blocked", "array", "those, in the order in which they stand", BLOCKED),
    Key("personal", "integer", "how many visible pictures single the reader out"),
    Key("receipts", "integer", "how many header fields ask for a receipt"),
    Key("level", "string", "what holds for the account and the sender", bounds={"enum": list(SETTINGS)}),
)

CHANGED: Keys = (
    Key("html", "string or null", "the HTML, neutralised; null where a raw message came in"),
    Key("message", "string or null", "the raw message, neutralised, in base64; null where HTML came in"),
    Key("changed", "boolean", "whether anything was changed"),
    Key(
        "note",
        "string or null",
        "what was set for the sender, and whether and why it holds; what was not looked at",
    ),
    Key("refused", "string or null", "why it was left as it came"),
    *SUMMARY,
)

RESULT: Keys = (
    Key("report", "object or null", "as `/scan` gives it; null with a summary or a problem", REPORT),
    Key("summary", "object or null", "where `detail=summary` was asked for", SUMMARY),
    Key("problem", "object or null", "why there is neither", PROBLEM),
)

RESULTS: Keys = (Key("results", "array", "one for each message", RESULT),)

URL: Keys = (
    Key("url", "string", "as it was given"),
    Key(
        "verdict",
        "string or null",
        "one of the five verdicts; null where nothing would be fetched",
        bounds={"enum": [*KINDS, None]},
    ),
    Key("confidence", "number or null", "0 to 1", bounds={"minimum": 0, "maximum": 1}),
    Key("vendor", "string or null", "whose service it is, where known"),
    Key("reasons", "array", "empty where there is no verdict", REASON),
)

URLS: Keys = (Key("urls", "array", "one for each URL", URL),)

RULE: Keys = (
    Key("id", "string", "its name, as in the reasons of a verdict"),
    Key("vendor", "string", "whose it is"),
    Key("kind", "string", "what a fetch tells", bounds={"enum": list(RULE_KINDS)}),
    Key("hosts", "array of strings", "where it is, each with everything below it"),
    Key("path", "string", "an RE2 pattern on path and query"),
)

RULES: Keys = (
    Key("version", "string", "of the rules"),
    Key("rules", "array", "the first that fits tells whose a URL is", RULE),
)

ABOUT: Keys = (
    Key("name", "string", "unpixel"),
    Key("version", "string", "of the program"),
    Key("api", "integer", "the version of this API"),
    Key("operations", "array of strings", "what this server can do: the operations of its description"),
)

NAMED: Mapping[str, Keys] = {
    "Reference": REFERENCE,
    "Report": REPORT,
    "Reason": REASON,
    "Summary": SUMMARY,
    "Changed": CHANGED,
    "Results": RESULTS,
    "Urls": URLS,
    "Rules": RULES,
    "Recorded": RECORDED,
    "Messages": MESSAGES,
    "About": ABOUT,
    "Problem": PROBLEM,
}
"""Those that have a name in the description."""
