"""Faults of real IMAP servers, a line each: its name, where it was seen, whom it may cost something, what it does.

Sources: github.com/modern-email/defects and its issues, sjd.se/nnimap/buggy-imap-servers.html, RFC 2180 and 2683, and the
threads of imapclient, isync, offlineimap, mutt, MailKit, go-imap, himalaya, Delta Chat and Thunderbird.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.servers.quirky import CAPABILITIES, Change, Reply

VICTIM = 3
"""The UID of the message that a fault strikes, where it strikes one."""
FOLDERS = ("INBOX", "Screening")
"""Where it lies."""
Cost = Literal["nobody", "victim", "keywords", "exchange", "account"]
"""Who is not dealt with as the mode asks: nobody; the struck message; what was to be marked, as no keyword is seen to last;
what was to be exchanged or marked; no message is dealt with, as the server cannot be worked with at all."""


@dataclass(frozen=True)
class Quirk:
    """One fault."""

    name: str
    seen: str
    cost: Cost
    change: Change
    capabilities: str = CAPABILITIES
    greeting: bytes = b"* OK ready\r\n"
    refuse: Callable[[Reply], bytes | None] = lambda _reply: None


def _nothing(_reply: Reply) -> None:
    pass


def swap(names: str, old: bytes, new: bytes) -> Change:
    """Replace in the untagged lines of the commands whose name matches."""

    def change(reply: Reply) -> None:
        if re.fullmatch(names, reply.name):
            reply.untagged = [re.sub(old, new, line, flags=re.DOTALL) for line in reply.untagged]

    return change


def struck(old: bytes, new: bytes) -> Change:
    """Replace in what is told of the struck message."""
    return each(lambda line: re.sub(old, new, line, flags=re.DOTALL))


def each(make: Callable[[bytes], bytes], uid: int | None = VICTIM) -> Change:
    """Make something else of the answers to FETCH for one message, or for all."""

    def change(reply: Reply) -> None:
        if reply.name == "UID FETCH" and reply.folder in FOLDERS:
            mine = b"UID %d " % uid if uid else b"UID "
            reply.untagged = [make(line) if mine in line[:60] else line for line in reply.untagged]

    return change


def drop(names: str, pattern: bytes) -> Change:
    """Leave out untagged lines."""

    def change(reply: Reply) -> None:
        if re.fullmatch(names, reply.name):
            reply.untagged = [line for line in reply.untagged if not re.search(pattern, line, re.DOTALL)]

    return change


def tagged(names: str, new: bytes) -> Change:
    """Another tagged answer to what was done."""

    def change(reply: Reply) -> None:
        if re.fullmatch(names, reply.name):
            reply.tagged = new

    return change


def refused(names: str, answer: bytes) -> Callable[[Reply], bytes | None]:
    """Refuse without doing anything."""
    return lambda reply: answer if re.fullmatch(names, reply.name) else None


def unasked(*lines: bytes, names: str = ".*", after: bool = False) -> Change:
    """Say something that nobody asked for, before or after what was."""

    def change(reply: Reply) -> None:
        if re.fullmatch(names, reply.name) and reply.folder:
            reply.untagged = [*reply.untagged, *lines] if after else [*lines, *reply.untagged]

    return change


def asked(reply: Reply) -> bool:
    """Whether the struck message's bytes are asked for."""
    uids = reply.command.split(b" ")[2].split(b",") if reply.name == "UID FETCH" else []
    return b"%d" % VICTIM in uids and b"BODY.PEEK[]" in reply.command and reply.folder in FOLDERS


def hang_up(said: bytes) -> Change:
    """End the connection when the struck message is asked for."""

    def change(reply: Reply) -> None:
        if asked(reply):
            reply.raw, reply.hangup = said, True

    return change


def refuse_struck(answer: bytes) -> Callable[[Reply], bytes | None]:
    """Refuse a whole command for the struck message's sake."""

    def refuse(reply: Reply) -> bytes | None:
        uids = reply.command.split(b" ")[2].split(b",") if reply.name == "UID FETCH" else []
        return answer if b"%d" % VICTIM in uids and reply.folder in FOLDERS else None

    return refuse


def count(by: int) -> Change:
    """Count a literal wrongly."""
    return each(
        lambda line: re.sub(rb"(BODY\[\]) \{(\d+)\}", lambda m: b"%b {%d}" % (m[1], int(m[2]) + by), line)
    )


def twice(reply: Reply) -> None:
    """Every answer again."""
    if reply.name == "UID FETCH":
        reply.untagged = [line for line in reply.untagged for _ in range(2)]


def backwards(reply: Reply) -> None:
    """The last first."""
    if reply.name in ("UID FETCH", "UID SEARCH"):
        reply.untagged = [
            b" ".join([b"SEARCH", *reversed(line.split()[1:])]) if line.startswith(b"SEARCH") else line
            for line in reversed(reply.untagged)
        ]


def apart(reply: Reply) -> None:
    """A message's flags in an answer of their own."""
    if reply.name == "UID FETCH":
        reply.untagged = [part for line in reply.untagged for part in _pieces(line)]


def _pieces(line: bytes) -> list[bytes]:
    found = re.search(rb"(UID \d+) (FLAGS \([^)]*\)) ?", line)
    if found is None:
        return [line]
    alone = b"%b FETCH (%b %b)" % (line.split()[0], found[1], found[2])
    return [alone, line.replace(found[2], b"", 1)]


def lower(reply: Reply) -> None:
    """Response names in lower case."""
    reply.untagged = [
        re.sub(rb"^((?:\d+ )?)([A-Z-]+)((?: \[[A-Z-]+)?)", lambda m: m[1] + m[2].lower() + m[3].lower(), line)
        for line in reply.untagged
    ]
    reply.tagged = re.sub(rb"^(\w+)( \[\w+)?", lambda m: m[0].lower(), reply.tagged)


def no_text(reply: Reply) -> None:
    """Neither space nor text after OK and its code."""
    reply.tagged = re.sub(rb"^(OK(?: \[[^\]]*\])?).*", rb"\1", reply.tagged)
    reply.untagged = [re.sub(rb"^(OK \[[^\]]*\]).*", rb"\1", line) for line in reply.untagged]


def extended(reply: Reply) -> None:
    """ESEARCH in place of SEARCH."""
    if reply.name == "UID SEARCH":
        uids = b",".join(reply.untagged[-1].split()[1:])
        reply.untagged[-1:] = [b'ESEARCH (TAG "A1") UID' + (b" ALL " + uids if uids else b"")]


def misled(reply: Reply) -> None:
    """The UID of a message that is not there yet."""
    reply.tagged = re.sub(rb"(APPENDUID \d+) (\d+)", lambda m: b"%b %d" % (m[1], int(m[2]) + 1), reply.tagged)


def says(names: str, *lines: bytes) -> Change:
    """OK to a command that the server does not know, with these lines."""

    def change(reply: Reply) -> None:
        if re.fullmatch(names, reply.name):
            reply.untagged, reply.tagged = list(lines), b"OK done"

    return change


def all_of(*changes: Change) -> Change:
    """Several faults at once."""

    def change(reply: Reply) -> None:
        for one in changes:
            one(reply)

    return change


WITHOUT_MOVE = CAPABILITIES.replace(" MOVE", "")
NEITHER = WITHOUT_MOVE.replace(" UIDPLUS", "")
NEXT = drop("SELECT|EXAMINE", rb"UIDNEXT")
NO_STATUS = swap("STATUS", rb"\(UIDNEXT \d+\)", b"()")
ENDLESS = b"* OK still here\r\n"

QUIRKS = (
    Quirk("none", "none", "nobody", _nothing),
    # flags
    Quirk("keyword NIL", "Dovecot", "nobody", struck(rb"FLAGS \(", rb"FLAGS (NIL ")),
    Quirk("keyword nil", "Dovecot", "nobody", struck(rb"FLAGS \(", rb"FLAGS (nil ")),
    Quirk("keyword that is a number", "Dovecot", "nobody", struck(rb"FLAGS \(", rb"FLAGS (7 007 ")),
    Quirk("keyword with brackets", "Gmail", "nobody", struck(rb"FLAGS \(", rb"FLAGS ([Gmail] a[b] ")),
    Quirk("keyword with a bracket alone", "Courier", "nobody", struck(rb"FLAGS \(", rb"FLAGS (a]b [c ")),
    Quirk("keyword in quotes", "Exchange 5.5", "victim", struck(rb"FLAGS \(", rb'FLAGS ("odd one" ')),
    Quirk("keyword not ASCII", "Courier", "nobody", struck(rb"FLAGS \(", b"FLAGS (\xc3\xa9t\xc3\xa9 ")),
    Quirk("unknown system flag", "Gmail", "nobody", struck(rb"FLAGS \(", rb"FLAGS (\\Phishing ")),
    Quirk("flags in other cases", "Exchange", "nobody", swap("UID FETCH", rb"\\Seen", rb"\\SEEN")),
    Quirk("flags twice", "Proton Bridge", "nobody", swap("UID FETCH|SELECT|EXAMINE", rb"\\Seen", rb"\\Seen \\SEEN")),
    Quirk("flags in lists of their own", "UW-imap patch", "nobody", struck(rb"FLAGS \(([^)]*)\)", rb"FLAGS ((\1))")),
    Quirk("FLAGS NIL", "hMailServer", "victim", struck(rb"FLAGS \([^)]*\)", rb"FLAGS NIL")),
    Quirk("FLAGS a number", "unknown", "victim", struck(rb"FLAGS \([^)]*\)", rb"FLAGS 5")),
    Quirk("flags without an end", "unknown", "victim", struck(rb"FLAGS \(([^)]*)\)", rb"FLAGS (\1")),
    Quirk("no PERMANENTFLAGS", "Domino", "keywords", drop("SELECT|EXAMINE", rb"PERMANENTFLAGS")),
    Quirk("no FLAGS", "Nemesis", "nobody", drop("SELECT|EXAMINE", rb"^FLAGS")),
    Quirk("bracket in PERMANENTFLAGS", "Dovecot", "nobody", swap("SELECT|EXAMINE", rb"FLAGS \(", rb"FLAGS (a]b ")),
    # literals and bodies
    Quirk("literal counted short by a line", "Exchange 2007", "victim", count(-60)),
    Quirk("literal counted short by a word", "hMailServer", "victim", count(-3)),
    Quirk("literal counted short by two", "Courier", "victim", count(-2)),
    Quirk("literal counted long", "Exchange 2003", "victim", count(+9)),
    Quirk("literal counted very long", "Zimbra", "victim", count(+100_000)),
    Quirk("literal of a terabyte", "hostile", "victim", struck(rb"BODY\[\] \{\d+\}", rb"BODY[] {1099511627776}")),
    Quirk("text after the parenthesis", "Domino", "victim", struck(rb"\)$", rb") and more")),
    Quirk("parenthesis missing", "MailEnable", "victim", struck(rb"\)$", rb"")),
    Quirk("parenthesis twice", "MailEnable", "victim", struck(rb"\)$", rb"))")),
    Quirk("spaces after the answer", "Exchange", "nobody", struck(rb"\)$", rb")  ")),
    Quirk("body empty", "Exchange 2010", "victim", struck(rb"BODY\[\] \{.*\)$", rb'BODY[] "")')),
    Quirk("body of white space", "Yahoo", "victim", struck(rb"BODY\[\] \{.*\)$", b"BODY[] {2}\r\n\r\n)")),
    Quirk("body NIL", "Exchange", "victim", struck(rb"BODY\[\] \{.*\)$", rb"BODY[] NIL)")),
    Quirk("body nil", "unknown", "victim", struck(rb"BODY\[\] \{.*\)$", rb"BODY[] nil)")),
    Quirk("body a bare word", "unknown", "victim", struck(rb"BODY\[\] \{.*\)$", rb"BODY[] garbage)")),
    Quirk("body left out", "iCloud", "victim", struck(rb" BODY\[\] \{.*\)$", rb")")),
    Quirk("body a number", "unknown", "victim", struck(rb"BODY\[\] \{.*\)$", rb"BODY[] 7)")),
    Quirk("names in lower case", "Kerio", "nobody", struck(rb"BODY\[\]", rb"body[]")),
    Quirk("items in lists of their own", "Domino", "nobody", struck(rb"(INTERNALDATE \"[^\"]*\")", rb"(\1)")),
    Quirk("NO for one message", "iCloud", "victim", _nothing, refuse=refuse_struck(b"NO fetch error: can't fetch that data")),
    Quirk("BAD for one message", "Exchange", "victim", _nothing, refuse=refuse_struck(b"BAD cannot be converted")),
    Quirk("SERVERBUG for one message", "Dovecot", "victim", _nothing, refuse=refuse_struck(b"NO [SERVERBUG] Internal error")),
    Quirk("hangs up over one message", "Courier", "victim", hang_up(b"")),
    Quirk("BYE over one message", "Dovecot", "victim", hang_up(b"* BYE Internal error occurred\r\n")),
    Quirk("BYE in the middle", "Cyrus", "victim", hang_up(b"* 3 FETCH (UID 3 BODY[] {500}\r\nFrom: a\r\n* BYE dead\r\n")),
    Quirk("garbage over one message", "hostile", "victim", hang_up(b"\x00\xff garbage\r\nTAG OK done\r\n")),
    # sizes
    Quirk("sizes too large", "Exchange", "nobody", swap("UID FETCH", rb"SIZE (\d+)", rb"SIZE 9\1")),
    Quirk("sizes too small", "DavMail", "nobody", swap("UID FETCH", rb"SIZE \d+", rb"SIZE 1")),
    Quirk("sizes 0", "Yahoo", "nobody", swap("UID FETCH", rb"SIZE \d+", rb"SIZE 0")),
    Quirk("size NIL", "unknown", "nobody", struck(rb"SIZE \d+", rb"SIZE NIL")),
    Quirk("size negative", "Exchange", "nobody", struck(rb"SIZE \d+", rb"SIZE -1")),
    Quirk("size of 10^20", "hostile", "nobody", struck(rb"SIZE \d+", rb"SIZE 100000000000000000000")),
    Quirk("size left out", "163.com", "nobody", struck(rb" RFC822.SIZE \d+", rb"")),
    # dates
    Quirk("date impossible", "Yahoo", "victim", struck(rb'DATE "[^"]*"', rb'DATE "31-Feb-2025 10:00:00 +0000"')),
    Quirk("date of the year 0", "Yahoo", "victim", struck(rb'DATE "[^"]*"', rb'DATE "01-Jan-0000 00:00:00 +0000"')),
    Quirk("date before the first", "hostile", "victim", struck(rb'DATE "[^"]*"', rb'DATE "01-Jan-0001 00:00:00 +0500"')),
    Quirk("date with a zone of 99 hours", "hostile", "victim", struck(rb'DATE "[^"]*"', rb'DATE "01-Jan-2025 00:00:00 +9999"')),
    Quirk("date of huge numbers", "hostile", "victim", struck(rb'DATE "[^"]*"', b'DATE "1-Jan-%b 00:00:00 +0000"' % (b"9" * 30))),
    Quirk("date NIL", "GroupWise", "victim", struck(rb'DATE "[^"]*"', rb"DATE NIL")),
    Quirk("date empty", "GroupWise", "victim", struck(rb'DATE "[^"]*"', rb'DATE ""')),
    Quirk("date not ASCII", "Tobit", "victim", struck(rb'DATE "[^"]*"', b'DATE "01-M\xc3\xa4r-2025 00:00:00 +0000"')),
    # UIDs and whose answer it is
    Quirk("no UIDNEXT in SELECT", "Winmail", "nobody", NEXT),
    Quirk("no UIDNEXT at all", "163.com", "nobody", all_of(NEXT, NO_STATUS)),
    Quirk("STATUS refused", "Dreamhost", "nobody", NEXT, refuse=refused("STATUS", b"NO not now")),
    Quirk("STATUS without an answer", "QQ", "nobody", drop("STATUS", b"STATUS")),
    Quirk("STATUS with a space behind", "Exchange", "nobody", swap("STATUS", rb"$", rb" ")),
    Quirk("UIDNEXT of STATUS too low", "Courier", "nobody", swap("STATUS", rb"UIDNEXT \d+", rb"UIDNEXT 1")),
    Quirk("UIDNEXT 0", "GroupWise", "nobody", swap("SELECT|EXAMINE", rb"UIDNEXT \d+", rb"UIDNEXT 0")),
    Quirk("UIDVALIDITY 0", "Outlook", "account", swap("SELECT|EXAMINE", rb"UIDVALIDITY \d+", rb"UIDVALIDITY 0")),
    Quirk("UIDVALIDITY 10^23", "hostile", "account", swap("SELECT|EXAMINE", rb"UIDVALIDITY \d+", b"UIDVALIDITY 1" + b"0" * 23)),
    Quirk("UIDVALIDITY no number", "hostile", "account", swap("SELECT|EXAMINE", rb"UIDVALIDITY \d+", rb"UIDVALIDITY x")),
    Quirk("no UIDVALIDITY", "Cyrus 1", "account", drop("SELECT|EXAMINE", rb"UIDVALIDITY")),
    Quirk("answers without UID", "Exchange 5.5", "exchange", swap("UID FETCH", rb"\(UID \d+ ", rb"(")),
    Quirk("answers twice", "Gmail", "nobody", twice),
    Quirk("answers in another order", "Exchange", "nobody", backwards),
    Quirk("answers in pieces", "Dovecot", "nobody", apart),
    Quirk("UID last", "Exchange", "nobody", swap("UID FETCH", rb"\((UID \d+) (.*)\)$", rb"(\2 \1)")),
    Quirk("answers for others", "Gmail", "nobody", unasked(b"9 FETCH (UID 99 FLAGS (\\Deleted))", names="UID FETCH")),
    Quirk("news without UID", "Dovecot", "nobody", unasked(b"1 FETCH (FLAGS (\\Deleted))", names="UID.*|NOOP")),
    Quirk("numbers beyond EXISTS", "MailEnable", "nobody", swap("UID FETCH", rb"^\d+", rb"9999")),
    Quirk("EXISTS unasked", "all", "nobody", unasked(b"99 EXISTS", b"1 RECENT")),
    Quirk("EXPUNGE unasked", "Exchange", "nobody", unasked(b"9 EXPUNGE", names="UID.*|NOOP")),
    Quirk("alerts unasked", "Gmail", "nobody", unasked(b"OK [ALERT] Please update", b"NO slow today", b"BAD oops")),
    Quirk("text not ASCII", "QQ", "nobody", all_of(unasked(b"OK \xe4\xbd\xa0\xe5\xa5\xbd"), tagged("UID .*", b"OK \xff fertig"))),
    Quirk("names of answers in lower case", "Kerio", "nobody", lower),
    Quirk("no text after OK", "Gmail", "nobody", no_text),
    Quirk("unknown answers", "Stalwart", "nobody", unasked(b"VANISHED (EARLIER) 700:900", b"X-NEWS (1 2", b"METADATA")),
    # searching
    Quirk("SEARCH twice the same", "GroupWise", "nobody", swap("UID SEARCH", rb"( \d+)", rb"\1\1")),
    Quirk("SEARCH backwards", "Exchange", "nobody", backwards),
    Quirk("SEARCH empty", "QQ", "nobody", swap("UID SEARCH", rb"^SEARCH.*", rb"SEARCH")),
    Quirk("SEARCH without an answer", "hMailServer", "nobody", drop("UID SEARCH", rb"^SEARCH$")),
    Quirk("SEARCH with MODSEQ", "Dovecot", "nobody", swap("UID SEARCH", rb"$", rb" (MODSEQ 917162500)")),
    Quirk("SEARCH with 0 and words", "Outlook", "nobody", swap("UID SEARCH", rb"^SEARCH", rb"SEARCH 0 x")),
    Quirk("SEARCH with a UID of 10^20", "hostile", "nobody", swap("UID SEARCH", rb"$", rb" 100000000000000000000")),
    Quirk("ESEARCH in its place", "Stalwart", "nobody", extended),
    # folders
    Quirk("separator NIL", "Courier", "nobody", swap("LIST", rb'"/"', rb"NIL")),
    Quirk("separator a backslash", "Domino", "nobody", swap("LIST", rb'"/"', rb'"\\"')),
    Quirk("separator escaped", "Domino", "nobody", swap("LIST", rb'"/"', rb'"\\\\"')),
    Quirk("names bare", "GroupWise", "nobody", swap("LIST", rb'"/" "([^"]+)"$', rb'"/" \1')),
    Quirk("names as literals", "Cyrus", "nobody", swap("LIST", rb'"INBOX"$', b"{5}\r\nINBOX")),
    Quirk("LIST with garbage", "Nemesis", "nobody", unasked(b"LIST 7 8", b"LIST", b'LIST () "/" "&bad"', names="LIST")),
    Quirk("NAMESPACE NIL", "Yahoo", "nobody", swap("NAMESPACE", rb"NAMESPACE.*", rb"NAMESPACE NIL NIL NIL")),
    Quirk("NAMESPACE garbage", "Domino", "nobody", swap("NAMESPACE", rb"NAMESPACE.*", rb'NAMESPACE (("" "\\")) (')),
    Quirk("NAMESPACE without an answer", "QQ", "nobody", drop("NAMESPACE", rb"NAMESPACE")),
    # what else it tells of itself
    Quirk("CAPABILITY not ASCII", "QQ", "account", swap("CAPABILITY", rb"$", b" X-\xe9")),
    Quirk("CAPABILITY in lower case", "Kerio", "nobody", _nothing, CAPABILITIES.lower().replace("imap4rev1", "IMAP4rev1")),
    Quirk("CONDSTORE that cannot be enabled", "Zimbra", "nobody", _nothing, CAPABILITIES + " ENABLE CONDSTORE"),
    Quirk("QUOTA unknown", "Nemesis", "nobody", _nothing, CAPABILITIES + " QUOTA"),
    Quirk("QUOTA garbage", "Nemesis", "nobody", says("GETQUOTAROOT", b"QUOTA (", b"QUOTAROOT"), CAPABILITIES + " QUOTA"),
    Quirk("QUOTA without an answer", "Zimbra", "nobody", says("GETQUOTAROOT"), CAPABILITIES + " QUOTA"),
    Quirk("ACL without an answer", "Courier", "nobody", says("MYRIGHTS"), CAPABILITIES + " ACL"),
    Quirk("ACL unknown", "Exchange", "nobody", _nothing, CAPABILITIES + " ACL"),
    Quirk("ID garbage", "Nemesis", "nobody", says("ID", b'ID ("name"', b"ID 7"), CAPABILITIES + " ID"),
    # storing and moving
    Quirk("no APPENDUID", "Proton Bridge", "nobody", tagged("APPEND", b"OK done")),
    Quirk("APPENDUID the wrong way round", "DavMail", "nobody", tagged("APPEND", b"OK [APPENDUID 6 1001] done")),
    Quirk("APPENDUID of another message", "Gmail", "nobody", tagged("APPEND", b"OK [APPENDUID 1001 1] done")),
    Quirk("APPENDUID one too high", "GroupWise", "nobody", misled),
    Quirk("APPENDUID garbage", "hostile", "nobody", tagged("APPEND", b"OK [APPENDUID x 1:*] done")),
    Quirk("APPEND refused", "any", "exchange", _nothing, refuse=refused("APPEND", b"NO not allowed")),
    Quirk("no MOVE", "Cyrus 2.4", "nobody", _nothing, WITHOUT_MOVE),
    Quirk("no MOVE and no COPYUID", "Courier", "nobody", tagged("UID COPY", b"OK copied"), WITHOUT_MOVE),
    Quirk("neither MOVE nor UIDPLUS", "Domino", "exchange", _nothing, NEITHER),
    Quirk("MOVE refused", "Exchange", "exchange", _nothing, refuse=refused("UID MOVE", b"NO not supported")),
    Quirk("MOVE unknown", "QQ", "exchange", _nothing, refuse=refused("UID MOVE", b"BAD unknown command")),
    Quirk("keywords refused", "Yahoo", "keywords", _nothing, refuse=refused("UID STORE", b"NO keywords are not kept")),
    Quirk("STORE answers without UID", "Exchange", "nobody", unasked(b"1 FETCH (FLAGS (\\Seen))", names="UID STORE")),
)  # fmt: skip
"""Each is run through every mode by tests/service/test_quirks.py."""
