"""The second clients: the standard library's imaplib, and a look at the memory account's own state."""

from __future__ import annotations

import base64
import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from tests.mailbox.memory import MemoryAccount
from tests.servers.dovecot import Account


def utf7(name: str) -> str:
    """Modified UTF-7 of RFC 3501, section 5.1.3, written once more so that two programs have to agree."""

    def encoded(match: re.Match[str]) -> str:
        packed = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{packed}-"

    return re.sub(r"[^\x20-\x7e]+", encoded, name.replace("&", "&-"))


def from_utf7(name: str) -> str:
    """The way back."""

    def decoded(match: re.Match[str]) -> str:
        packed = match[1].replace(",", "/")
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be") if packed else "&"

    return re.sub(r"&([^-]*)-", decoded, name)


def _quoted(name: str) -> str:
    return '"' + utf7(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


class ImapObserver:
    """Opens a connection of its own for each question, straight to the server."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @contextmanager
    def _session(self, folder: str | None = None, readonly: bool = True) -> Iterator[imaplib.IMAP4]:
        session = imaplib.IMAP4(self._account.host, self._account.port, timeout=30)
        try:
            session.login(self._account.user, self._account.password)
            if folder is not None:
                typ, _ = session.select(_quoted(folder), readonly)
                assert typ == "OK", folder
            yield session
        finally:
            session.logout()

    def deliver(
        self, raws: Sequence[bytes], folder: str = "INBOX", flags: str = "", when: datetime | None = None
    ) -> None:
        """APPEND."""
        with self._session() as session:
            date = imaplib.Time2Internaldate(when) if when else ""
            for raw in raws:
                typ, answer = session.append(_quoted(folder), f"({flags})", date, raw)
                assert typ == "OK", answer

    def messages(self, folder: str = "INBOX") -> dict[int, bytes]:
        """UID FETCH BODY.PEEK[] in an EXAMINEd folder."""
        with self._session(folder) as session:
            _, data = session.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
        pairs = [item for item in data if isinstance(item, tuple)]
        return {_uid(head): body for head, body in pairs}

    def _lines(self, folder: str, what: str) -> dict[int, bytes]:
        with self._session(folder) as session:
            _, data = session.uid("FETCH", "1:*", f"(UID {what})")
        return {_uid(line): line for line in data if isinstance(line, bytes)}

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """UID FETCH FLAGS."""
        lines = self._lines(folder, "FLAGS")
        return {
            uid: {flag.decode() for flag in imaplib.ParseFlags(line)} - {"\\Recent"}
            for uid, line in lines.items()
        }

    def dates(self, folder: str = "INBOX") -> dict[int, datetime]:
        """UID FETCH INTERNALDATE."""
        found = {}
        for uid, line in self._lines(folder, "INTERNALDATE").items():
            text = re.search(rb'INTERNALDATE "([^"]+)"', line)
            assert text is not None, line
            found[uid] = datetime.strptime(text[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
        return found

    def recent(self, folder: str = "INBOX") -> int:
        """RECENT as EXAMINE tells it, which takes nothing."""
        with self._session(folder) as session:
            (told,) = session.untagged_responses["RECENT"]
            assert isinstance(told, bytes)
            return int(told)

    def mark(self, uid: int, flags: str, folder: str = "INBOX") -> None:
        """STORE +FLAGS."""
        with self._session(folder, readonly=False) as session:
            assert session.uid("STORE", str(uid), "+FLAGS", f"({flags})")[0] == "OK"

    def take_away(self, uid: int, folder: str = "INBOX") -> None:
        """STORE and UID EXPUNGE, which the server takes also where it does not announce it."""
        with self._session(folder, readonly=False) as session:
            session.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
            assert session.uid("EXPUNGE", str(uid))[0] == "OK"

    def recreate(self, folder: str) -> None:
        """DELETE and CREATE."""
        with self._session() as session:
            assert session.delete(_quoted(folder))[0] == "OK"
            assert session.create(_quoted(folder))[0] == "OK"

    def subscribed(self) -> set[str]:
        """LSUB."""
        with self._session() as session:
            return _names(session.lsub()[1])

    def folders(self) -> set[str]:
        """LIST."""
        with self._session() as session:
            return _names(session.list()[1])


def _uid(line: bytes) -> int:
    found = re.search(rb"UID (\d+)", line)
    assert found is not None, line
    return int(found[1])


def _names(lines: Sequence[object]) -> set[str]:
    found = set()
    for line in lines:
        match line:
            case (bytes(), bytes() as name):
                found.add(from_utf7(name.decode()))
            case bytes() if line.strip():
                text = re.fullmatch(r'\([^)]*\) (?:"[^"]*"|NIL) (.*)', line.decode())
                if text is not None:
                    name_ = text[1]
                    if name_.startswith('"'):
                        name_ = re.sub(r"\\(.)", r"\1", name_[1:-1])
                    found.add(from_utf7(name_))
    return found


class MemoryObserver:
    """Looks at the account itself."""

    def __init__(self, account: MemoryAccount) -> None:
        self._account = account

    def deliver(
        self, raws: Sequence[bytes], folder: str = "INBOX", flags: str = "", when: datetime | None = None
    ) -> None:
        """Put messages there."""
        for raw in raws:
            self._account.deliver(raw, folder, flags.split(), when)

    def messages(self, folder: str = "INBOX") -> dict[int, bytes]:
        """Octets."""
        return {uid: stored.raw for uid, stored in self._account.folders[folder].messages.items()}

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """Flags."""
        return {uid: set(stored.flags) for uid, stored in self._account.folders[folder].messages.items()}

    def dates(self, folder: str = "INBOX") -> dict[int, datetime]:
        """Dates, all in UTC."""
        messages = self._account.folders[folder].messages
        return {uid: stored.internal_date.astimezone(UTC) for uid, stored in messages.items()}

    def recent(self, folder: str = "INBOX") -> int:
        """Those nobody was told of."""
        return len(self._account.folders[folder].recent)

    def mark(self, uid: int, flags: str, folder: str = "INBOX") -> None:
        """Set flags."""
        kept = self._account.folders[folder]
        old = kept.messages[uid]
        kept.messages[uid] = type(old)(uid, old.raw, old.flags | set(flags.split()), old.internal_date)

    def take_away(self, uid: int, folder: str = "INBOX") -> None:
        """Remove one."""
        del self._account.folders[folder].messages[uid]

    def recreate(self, folder: str) -> None:
        """Make the folder anew."""
        self._account.create(folder)

    def subscribed(self) -> set[str]:
        """Subscribed folders."""
        return set(self._account.subscribed)

    def folders(self) -> set[str]:
        """All folders."""
        return set(self._account.folders)
