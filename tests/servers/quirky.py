"""A small IMAP server over a `MemoryAccount` that can be given the faults of real ones: see `quirks.py` for the table.

It speaks as much of the protocol as the product asks for. What it is about to say passes through the quirk first.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO

from blocker.mailbox.protocol import Stored
from tests.mailbox.memory import Folder, MemoryAccount, header
from tests.servers.listening import Listening

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE NAMESPACE UNSELECT"
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


@dataclass
class Reply:
    """What is about to be said to one command."""

    command: bytes
    """Without its tag."""
    folder: str
    """The selected one; empty where there is none."""
    untagged: list[bytes] = field(default_factory=list)
    """Each without "* " and its line end."""
    tagged: bytes = b"OK done"
    raw: bytes | None = None
    """Said in place of it all, where not None."""
    hangup: bool = False
    """Whether the connection ends once this is said."""

    @property
    def name(self) -> str:
        """SELECT, UID FETCH …"""
        words = self.command.decode("latin-1").upper().split(" ", 2)
        return " ".join(words[:2]) if words[0] == "UID" else words[0]


Change = Callable[[Reply], None]


@dataclass
class Quirky(Listening):
    """A server that listens until `stop_all`; `change` alters each reply, `refuse` answers before anything is done."""

    account: MemoryAccount
    change: Change = lambda _reply: None
    refuse: Callable[[Reply], bytes | None] = lambda _reply: None
    capabilities: str = CAPABILITIES
    greeting: bytes = b"* OK ready\r\n"
    commands: list[str] = field(default_factory=list)
    """The names of all that was asked."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listen()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer, peer.makefile("rb") as lines:
                peer.sendall(self.greeting)
                session = Session(self)
                for tag, command, literals in _commands(lines, peer):
                    with self._lock:
                        said, over = session.answer(tag, command, literals)
                    peer.sendall(said)
                    if over:
                        return
        except (OSError, ValueError):
            return


def _commands(lines: IO[bytes], peer: socket.socket) -> Iterator[tuple[bytes, bytes, list[bytes]]]:
    """Each command with its tag, and its literals apart."""
    for line in lines:
        literals: list[bytes] = []
        while counted := _LITERAL.search(line):
            if not counted[2]:
                peer.sendall(b"+ go on\r\n")
            literals.append(lines.read(int(counted[1])))
            line = line[: counted.start()] + b"{}" + lines.readline()
        tag, _, command = line.strip().partition(b" ")
        if command.upper().startswith(b"AUTHENTICATE"):
            peer.sendall(b"+ \r\n")
            lines.readline()
        yield tag, command, literals


class Session:
    """One connection."""

    def __init__(self, server: Quirky) -> None:
        self._server = server
        self._account = server.account
        self._selected = ""

    def answer(self, tag: bytes, command: bytes, literals: list[bytes]) -> tuple[bytes, bool]:
        """What is said, and whether the connection ends."""
        reply = Reply(command, self._selected)
        self._server.commands.append(reply.name)
        refused = self._server.refuse(reply)
        if refused is not None:
            reply.tagged = refused
        else:
            self._do(reply, literals)
        reply.folder = self._selected
        self._server.change(reply)
        if reply.raw is not None:
            return reply.raw.replace(b"TAG", tag), reply.hangup
        said = b"".join(b"* %b\r\n" % line for line in reply.untagged)
        return said + tag + b" " + reply.tagged + b"\r\n", reply.hangup

    def _do(self, reply: Reply, literals: list[bytes]) -> None:
        act = getattr(self, "_" + reply.name.lower().replace(" ", "_"), None)
        if act is None:
            reply.tagged = b"BAD unknown command"
            return
        rest = reply.command.split(b" ", 2 if reply.name.startswith("UID") else 1)[-1].decode("latin-1")
        try:
            act(reply, rest, literals)
        except KeyError:
            reply.tagged = b"NO [TRYCREATE] no such folder"

    # --- without a folder

    def _capability(self, reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        reply.untagged.append(b"CAPABILITY " + self._server.capabilities.encode("latin-1"))

    def _authenticate(self, reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        pass

    _login = _noop = _unsubscribe = _authenticate

    def _logout(self, reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        reply.untagged.append(b"BYE see you")
        reply.hangup = True

    def _namespace(self, reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        reply.untagged.append(b'NAMESPACE (("" "/")) NIL NIL')

    def _list(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        pattern = _names(rest)[-1]
        if pattern == "":
            reply.untagged.append(b'LIST (\\Noselect) "/" ""')
        for name in self._account.folders:
            if pattern in ("*", name):
                reply.untagged.append(b'LIST (\\HasNoChildren) "/" "%b"' % name.encode())

    def _create(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        if _names(rest)[0] in self._account.folders:
            reply.tagged = b"NO [ALREADYEXISTS] it is there"
        else:
            self._account.create(_names(rest)[0])

    def _delete(self, _reply: Reply, rest: str, _literals: list[bytes]) -> None:
        del self._account.folders[_names(rest)[0]]

    def _status(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        name = _names(rest)[0]
        reply.untagged.append(
            b'STATUS "%b" (UIDNEXT %d)' % (name.encode(), self._account.folders[name].uidnext)
        )

    def _append(self, reply: Reply, rest: str, literals: list[bytes]) -> None:
        folder = self._account.folders[_names(rest)[0]]
        flags = re.search(r"\(([^)]*)\)", rest)
        when = re.search(r'"(\s?\d{1,2}-\w{3}-\d{4} [^"]*)"', rest)
        raw = literals[0]
        if self._account.alters:
            raw = self._account.alters(raw)
        date = datetime.strptime(when[1], "%d-%b-%Y %H:%M:%S %z") if when else datetime.now().astimezone()
        uid = folder.add(raw, folder.lasting(flags[1].split() if flags else ()), date)
        reply.tagged = b"OK [APPENDUID %d %d] done" % (folder.uidvalidity, uid)

    # --- in a folder

    def _select(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        self._selected = ""
        folder = self._account.folders[_names(rest)[0]]
        self._selected = _names(rest)[0]
        flags = " ".join(sorted(folder.permanent_flags)).encode()
        reply.untagged += [
            b"FLAGS (%b)" % flags.replace(b" \\*", b"").replace(b"\\* ", b""),
            b"OK [PERMANENTFLAGS (%b)] limited" % flags,
            b"%d EXISTS" % len(folder.messages),
            b"0 RECENT",
            b"OK [UIDVALIDITY %d] valid" % folder.uidvalidity,
            b"OK [UIDNEXT %d] predicted" % folder.uidnext,
        ]
        reply.tagged = b"OK [READ-WRITE] open"

    def _examine(self, reply: Reply, rest: str, literals: list[bytes]) -> None:
        self._select(reply, rest, literals)
        reply.tagged = b"OK [READ-ONLY] open"

    def _unselect(self, _reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        self._selected = ""

    def _here(self) -> Folder:
        return self._account.folders[self._selected]

    def _uids(self, said: str) -> list[int]:
        return [uid for uid in self._here().messages if _within(uid, said, max(self._here().messages))]

    def _uid_search(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        found = list(self._here().messages)
        words = rest.split()
        for at, word in enumerate(words):
            if word == "UID":
                found = [uid for uid in found if uid in self._uids(words[at + 1])]
            elif word == "SINCE":
                day = datetime.strptime(words[at + 1], "%d-%b-%Y").date()
                found = [uid for uid in found if self._here().messages[uid].internal_date.date() >= day]
            elif at == 0 and word[0].isdigit():
                numbers = list(self._here().messages)
                found = [u for n, u in enumerate(numbers, 1) if _within(n, word, len(numbers))]
        reply.untagged.append(b" ".join([b"SEARCH", *(b"%d" % uid for uid in found)]))

    def _fetch(self, reply: Reply, _rest: str, _literals: list[bytes]) -> None:
        """By numbers: only ever 1:*."""
        for number, stored in enumerate(self._here().messages.values(), 1):
            reply.untagged.append(b"%d FETCH (UID %d)" % (number, stored.uid))

    def _uid_fetch(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        listed, _, what = rest.partition(" ")
        numbers = {uid: n for n, uid in enumerate(self._here().messages, 1)}
        for uid in self._uids(listed):
            said = b" ".join(_items(self._here().messages[uid], what))
            reply.untagged.append(b"%d FETCH (%b)" % (numbers[uid], said))

    def _uid_store(self, _reply: Reply, rest: str, _literals: list[bytes]) -> None:
        listed, how, flags = rest.split(" ", 2)
        folder = self._here()
        said = folder.lasting(flags.strip("()").split())
        for uid in self._uids(listed):
            old = folder.messages[uid]
            folder.messages[uid] = replace(old, flags=old.flags | said if how[0] == "+" else old.flags - said)

    def _uid_expunge(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        self._take(reply, [u for u in self._uids(rest) if "\\Deleted" in self._here().messages[u].flags])

    def _uid_copy(self, reply: Reply, rest: str, _literals: list[bytes]) -> None:
        listed, _, name = rest.partition(" ")
        target = self._account.folders[_names(name)[0]]
        moved = self._uids(listed)
        made = [
            target.add(stored.raw, stored.flags, stored.internal_date)
            for stored in (self._here().messages[uid] for uid in moved)
        ]
        said = (target.uidvalidity, _set(moved), _set(made))
        reply.tagged = b"OK [COPYUID %d %b %b] done" % said if moved else b"OK nothing"

    def _uid_move(self, reply: Reply, rest: str, literals: list[bytes]) -> None:
        self._uid_copy(reply, rest, literals)
        reply.untagged.append(reply.tagged)
        reply.tagged = b"OK moved"
        self._take(reply, self._uids(rest.partition(" ")[0]))

    def _take(self, reply: Reply, uids: Iterable[int]) -> None:
        for uid in list(uids):
            reply.untagged.append(b"%d EXPUNGE" % (list(self._here().messages).index(uid) + 1))
            del self._here().messages[uid]


def _names(said: str) -> list[str]:
    """The strings of a command, unquoted."""
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^\s"()]+)', said)]


def _within(number: int, said: str, last: int) -> bool:
    for piece in said.split(","):
        low, _, high = piece.replace("*", str(last)).partition(":")
        ends = sorted((int(low), int(high or low)))
        if ends[0] <= number <= ends[1]:
            return True
    return False


def _set(uids: list[int]) -> bytes:
    return ",".join(map(str, uids)).encode()


def _items(stored: Stored, what: str) -> Iterator[bytes]:
    """The data items of one message, in the order of asking."""
    field = re.search(r"HEADER\.FIELDS \(([^)]*)\)", what)
    for name in re.findall(r"UID|FLAGS|INTERNALDATE|RFC822\.SIZE|BODY\.PEEK\[[^\]]*\]", what):
        if name == "UID":
            yield b"UID %d" % stored.uid
        elif name == "FLAGS":
            yield b"FLAGS (%b)" % " ".join(sorted(stored.flags)).encode()
        elif name == "INTERNALDATE":
            yield b'INTERNALDATE "%b"' % stored.internal_date.strftime("%d-%b-%Y %H:%M:%S %z").encode()
        elif name == "RFC822.SIZE":
            yield b"RFC822.SIZE %d" % len(stored.raw)
        else:
            value = header(stored.raw, field[1]) + b"\r\n" if field else stored.raw
            yield b"%b {%d}\r\n%b" % (name.replace(".PEEK", "").encode(), len(value), value)
