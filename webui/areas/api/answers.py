"""The objects that the API answers with, a row a key. `Report` and what stands in it have their home in the contract."""

from __future__ import annotations

from collections.abc import Mapping

from blocker.catalogue.heartbeats import Condition
from blocker.catalogue.values import ACTIONS
from blocker.choices.levels import SETTINGS, Level
from blocker.choices.modes import Mode
from blocker.detect.contract import REASON, REFERENCE, REPORT, Key, Keys
from blocker.detect.report import KINDS
from blocker.detect.rules import KINDS as RULE_KINDS
from webui.errors import PROBLEM

MOMENT = {"format": "date-time"}
STEP = {"enum": ["day", "week", "month"]}

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

LINE: Keys = (
    Key("id", "integer", "its number in the catalogue"),
    Key("account", "string", "whose mail it is"),
    Key("mailbox", "string", "the folder that it was found in"),
    Key("internal_date", "string", "when it reached the mailbox", bounds=MOMENT),
    Key("from", "string", "the From field, decoded"),
    Key("sender", "string", "whom it names as its sender: a domain, or an address where strangers share one"),
    Key(
        "proven", "boolean or null", "whether it is proven to be that sender's; null where that is not known"
    ),
    Key("subject", "string", "the Subject field, decoded"),
    Key("tracked", "boolean", "whether it has a pixel or a beacon"),
    Key("blocked", "integer", "how many pixels and beacons it has"),
    Key("receipts", "integer", "how many header fields ask for a receipt"),
    Key("action", "string", "what was done with it", bounds={"enum": list(ACTIONS)}),
    Key("detail", "string", "why it was left alone, or what else a person should know"),
)

NEXT = Key("next", "string or null", "the `cursor` of the next page; null where this is the last")

MESSAGES: Keys = (Key("messages", "array", "newest first", RECORDED), NEXT)

LINES: Keys = (Key("messages", "array", "newest first", LINE), NEXT)

FEEDBACK: Keys = (
    Key("id", "integer", "its number"),
    Key("account", "string", "for whose mail it holds"),
    Key("sender", "string", "whose mail it is about"),
    Key("template", "string", "for which URLs: with the parts masked that change"),
    Key("says", "string", "what they are", bounds={"enum": ["tracker", "harmless"]}),
    Key("verdict", "string", "what was said before", bounds={"enum": list(KINDS)}),
    Key("vendor", "string or null", "whose it was, where known"),
    Key("vector", "string", "how it is fetched"),
    Key("rules", "array of strings", "the reasons for that verdict"),
    Key("made", "string", "when it was said", bounds=MOMENT),
)

FEEDBACKS: Keys = (Key("feedback", "array", "newest first", FEEDBACK),)

REQUEST: Keys = (
    Key("id", "integer", "its number"),
    Key("kind", "string", "what was asked for"),
    Key("account", "string", "of which account"),
    Key("arguments", "object", "what it is about", bounds={"additionalProperties": True}),
    Key("state", "string", "how far it is", bounds={"enum": ["waiting", "running", "done", "failed"]}),
    Key("requested", "string", "when it was asked for", bounds=MOMENT),
    Key("started", "string or null", "when the service began with it", bounds=MOMENT),
    Key("finished", "string or null", "when it ended", bounds=MOMENT),
    Key("outcome", "string or null", "what became of it, for people"),
    Key("error", "string or null", "why it failed"),
    Key("passed", "integer or null", "how many messages the service has dealt with"),
    Key("total", "integer or null", "of how many, where it is known"),
)

POLICY: Keys = (
    Key("domain", "string", "the sender"),
    Key("level", "string", "what is done with its mail", bounds={"enum": list(SETTINGS)}),
    Key("account", "string or null", "whose mail it holds for; null for all"),
    Key("changed", "string", "when it was set", bounds=MOMENT),
)

SENDER_LINE: Keys = (
    Key("domain", "string", "its name: a domain, or an address where strangers share one"),
    Key("messages", "integer", "how many it has sent"),
    Key("tracked", "integer", "how many of them are tracked"),
    Key("share", "number", "the same as a part of one", bounds={"minimum": 0, "maximum": 1}),
    Key("proven", "integer", "how many are proven to be its own"),
    Key("claimed", "integer", "how many only claim to be"),
    Key("last", "string", "when the newest came", bounds=MOMENT),
)

LISTED_SENDER: Keys = (*SENDER_LINE, Key("settings", "array", "what is set for it", POLICY))

SENDERS: Keys = (Key("senders", "array", "in the order asked for", LISTED_SENDER), NEXT)

VENDOR_LINE: Keys = (
    Key("name", "string", "the vendor"),
    Key("named", "boolean", "whether that is a name: of a sender's own mailing system none is known"),
    Key("references", "integer", "its pixels and beacons"),
    Key("messages", "integer", "those that have one"),
    Key("senders", "integer", "whose mail they are"),
    Key("last", "string", "when the newest came", bounds=MOMENT),
)

VENDORS: Keys = (Key("vendors", "array", "the one in most messages first", VENDOR_LINE),)

BAR: Keys = (
    Key("start", "string", "the first day (UTC)", bounds={"format": "date"}),
    Key("messages", "integer", "that arrived"),
    Key("tracked", "integer", "how many of them are tracked"),
)

SENDER: Keys = (
    *SENDER_LINE,
    Key("first", "string", "when the oldest came", bounds=MOMENT),
    Key(
        "addresses",
        "array",
        "its From addresses, the most frequent first",
        (Key("address", "string", "the address"), Key("messages", "integer", "that it sent")),
    ),
    Key("vendors", "array", "whose pixels and beacons it sends", VENDOR_LINE),
    Key("kinds", "object", "its references by verdict", bounds={"additionalProperties": {"type": "integer"}}),
    Key("step", "string", "what a bar is of", bounds=STEP),
    Key("trend", "array", "a bar for each step", BAR),
    Key(
        "leaks",
        "array",
        "in which forms the reader's address stood in URLs",
        (Key("form", "string", "the form"), Key("messages", "integer", "that have it")),
    ),
    Key(
        "templates",
        "array",
        "what the URLs of its trackers look like, the most frequent first",
        (
            Key("url", "string", "with the parts masked that change from mail to mail"),
            Key("vendor", "string or null", "whose it is, where known"),
            Key("references", "integer", "how many of its newest trackers look so"),
        ),
    ),
    Key("recent", "array", "its newest messages", LINE),
    Key("settings", "array", "what is set for it", POLICY),
)

ROW: Keys = (
    Key("name", "string", "the first day of a bar, the sender, or the vendor"),
    Key("messages", "integer", "that arrived, were sent, or have its trackers"),
    Key("tracked", "integer", "how many of them are tracked"),
)

STATS: Keys = (
    Key("by", "string", "what a row is of", bounds={"enum": ["day", "sender", "vendor"]}),
    Key("days", "integer or null", "of the last so many days; null for all"),
    Key("messages", "integer", "that arrived"),
    Key("tracked", "integer", "how many of them are tracked"),
    Key("share", "number", "the same as a part of one", bounds={"minimum": 0, "maximum": 1}),
    Key("blocked", "integer", "pixels and beacons found"),
    Key("step", "string or null", "by day: what a bar is of", bounds={"enum": [*STEP["enum"], None]}),
    Key("rows", "array", "days in their order, else the largest first", ROW),
)

ACCOUNT: Keys = (
    Key("name", "string", "the account"),
    Key("address", "string", "its mail address"),
    Key("mode", "string", "what is done with its mail", bounds={"enum": list(Mode)}),
    Key("level", "string", "what is neutralised", bounds={"enum": list(Level)}),
    Key("state", "string", "how it is with the service", bounds={"enum": list(Condition)}),
    Key("detail", "string", "why, in a sentence"),
    Key("since", "string or null", "when it became so", bounds=MOMENT),
    Key("at", "string or null", "when the service was heard of last", bounds=MOMENT),
    Key(
        "paused",
        "object or null",
        "the pause that a person asked for",
        (
            Key("since", "string", "its begin", bounds=MOMENT),
            Key("until", "string or null", "its end; null where a person ends it", bounds=MOMENT),
        ),
    ),
)

ACCOUNTS: Keys = (Key("accounts", "array", "by name", ACCOUNT),)

BLOCKED: Keys = (
    Key("url", "string or null", "what a browser would fetch"),
    Key("kind", "string", "its verdict", bounds={"enum": list(KINDS)}),
    Key("vendor", "string or null", "whose service it is, where known"),
    Key("why", "string", "the strongest reason, in a sentence"),
)

SUMMARY: Keys = (
    Key("tracked", "boolean", "whether it has a pixel or a beacon"),
    Key("blocked", "array", "what the level takes out, in the order in which it stands", BLOCKED),
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

TOKEN: Keys = (
    Key("id", "integer", "its number"),
    Key("name", "string", "to know it by"),
    Key("scopes", "array of strings", "what it may do"),
    Key("origin", "string", "the extension that alone may show it; empty where that does not matter"),
    Key("created", "string", "when it was made", bounds=MOMENT),
    Key("expires", "string or null", "when it ends by itself", bounds=MOMENT),
    Key("used", "string or null", "about when it was shown last", bounds=MOMENT),
)

TOKENS: Keys = (Key("tokens", "array", "oldest first", TOKEN),)

PAIRED: Keys = (*TOKEN, Key("token", "string", "what a program shows; it is told this once"))

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
    "Line": LINE,
    "Messages": MESSAGES,
    "Lines": LINES,
    "SenderLine": LISTED_SENDER,
    "Senders": SENDERS,
    "Sender": SENDER,
    "Policy": POLICY,
    "VendorLine": VENDOR_LINE,
    "Vendors": VENDORS,
    "Bar": BAR,
    "Stats": STATS,
    "Account": ACCOUNT,
    "Accounts": ACCOUNTS,
    "Request": REQUEST,
    "Token": TOKEN,
    "Tokens": TOKENS,
    "NewToken": PAIRED,
    "Feedback": FEEDBACK,
    "Feedbacks": FEEDBACKS,
    "About": ABOUT,
    "Problem": PROBLEM,
}
"""Those that have a name in the description."""
