"""Readers: whatever keeps messages in files, each message comes once and as it stands."""

from __future__ import annotations

import io
import mailbox
import os
import threading
import tracemalloc
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.mailbox import mbox
from blocker.mailbox.files import read_path
from blocker.mailbox.mbox import read_mbox
from blocker.mailbox.protocol import MailboxError

FIRST = b"From: a@example.org\r\nSubject: first\r\n\r\nHello.\r\n"
SECOND = b"From: b@example.org\nSubject: second\n\nHello\nagain.\n"
FROM = b"From someone@example.org Thu Feb 29 12:00:00 2024\n"


def listed(path: Path, **settings: object) -> tuple[dict[str, bytes], list[str]]:
    """(messages by the end of their source, problems)."""
    problems: list[str] = []
    found = list(read_path(path, problem=problems.append, **settings))  # type: ignore[arg-type]
    assert len({source for source, _ in found}) == len(found)
    return {source.removeprefix(f"{path}/"): raw for source, raw in found}, problems


def test_one_file_by_name(tmp_path: Path) -> None:
    """A file that is named is read whatever it holds; its source is its path."""
    for content in (FIRST, b"", b"\x00\xff random \n\n", b"{}"):
        (tmp_path / "thing").write_bytes(content)
        assert list(read_path(tmp_path / "thing")) == [(str(tmp_path / "thing"), content)]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    """The call itself fails, with the path and the next step."""
    with pytest.raises(MailboxError, match=r"nothing\.eml is not there; check the path\."):
        read_path(tmp_path / "nothing.eml")


def test_a_tree(tmp_path: Path) -> None:
    """A folder tree gives its messages in sorted order, and nothing that is not mail."""
    for name, content in {
        "b/two.eml": SECOND,
        "a.eml": FIRST,
        "b/saved-without-suffix": FIRST,
        "b/one.EML": b"no header at all",
        "README.md": b"# Real mail\n\nfrom: here to: there\n",
        "labels.jsonl": b'{"message": "a.eml", "from": "x"}\n',
        "notes.txt": b"From here on it gets better.\n",
        "config.yaml": b"subject: x\nitems:\n  - y\nother_key: z\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "empty": b"",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found, problems = listed(tmp_path)
    assert list(found) == ["a.eml", "b/one.EML", "b/saved-without-suffix", "b/two.eml"]
    assert found["b/two.eml"] == SECOND
    assert problems == []


def test_a_message_file_with_a_from_line_is_one_message(tmp_path: Path) -> None:
    """An .eml is one message as it stands, even where it was cut out of an mbox."""
    raw = FROM + FIRST + b"\nFrom the start\nSubject: x\n"
    (tmp_path / "a.eml").write_bytes(raw)
    assert listed(tmp_path) == ({"a.eml": raw}, [])


def test_a_maildir(tmp_path: Path) -> None:
    """All of cur and new, also in subfolders, whatever the names; nothing of tmp, nothing of the server's own files."""
    for name in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cur" / "1.host:2,S").write_bytes(b"no header")
    (tmp_path / "new" / "2.host").write_bytes(FIRST)
    (tmp_path / "tmp" / "3.host").write_bytes(FIRST)
    (tmp_path / ".Sent" / "cur" / "4.host:2,").write_bytes(SECOND)
    (tmp_path / ".Sent" / "tmp" / "5.eml").write_bytes(SECOND)
    (tmp_path / "dovecot-uidlist").write_bytes(b"3 V1 N5 G1\n1 :1.host\n")
    found, problems = listed(tmp_path)
    assert found == {".Sent/cur/4.host:2,": SECOND, "cur/1.host:2,S": b"no header", "new/2.host": FIRST}
    assert problems == []
    assert list(listed(tmp_path / "cur")[0]) == ["1.host:2,S"]


def test_apple_mail(tmp_path: Path) -> None:
    """An .emlx gives the message between its length and its property list; a cut one says so."""
    (tmp_path / "1.emlx").write_bytes(b"%-10d\n" % len(FIRST) + FIRST + b"<?xml?><plist/>")
    (tmp_path / "2.emlx").write_bytes(b"%d\n" % (len(FIRST) + 5) + FIRST)
    (tmp_path / "3.emlx").write_bytes(FIRST)
    found, problems = listed(tmp_path)
    assert found == {"1.emlx": FIRST, "2.emlx": FIRST}
    assert [p.partition(" ")[0].rpartition("/")[2] for p in problems] == ["2.emlx", "3.emlx"]


def test_links_that_go_in_circles(tmp_path: Path) -> None:
    """Each folder is entered once, however many links lead to it; a dangling link is told."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "m.eml").write_bytes(FIRST)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "gone.eml").symlink_to(tmp_path / "nowhere")
    found, problems = listed(tmp_path)
    assert list(found) == ["a/m.eml"]
    assert len(problems) == 1
    assert "gone.eml is not there" in problems[0]


def test_pipes_in_a_tree_are_left_alone(tmp_path: Path) -> None:
    """Reading a pipe in a folder would wait for ever."""
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "m.eml").write_bytes(FIRST)
    assert list(listed(tmp_path)[0]) == ["m.eml"]


def test_a_pipe_by_name(tmp_path: Path) -> None:
    """A pipe that is named, as a shell's <(…), is read."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(FROM + FIRST,))
    writer.start()
    assert [raw for _, raw in read_path(tmp_path / "pipe")] == [FROM + FIRST]
    writer.join()


def test_a_file_above_the_limit(tmp_path: Path) -> None:
    """It is told and not read; the others are."""
    (tmp_path / "a.eml").write_bytes(FIRST + b"x" * 1000)
    (tmp_path / "b.eml").write_bytes(FIRST)
    found, problems = listed(tmp_path, limit=500)
    assert list(found) == ["b.eml"]
    assert len(problems) == 1
    assert problems[0].endswith(
        "a.eml was not read: it is larger than 500 octets; raise the limit to read it."
    )


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """The source can be printed and encoded whatever octets the file's name has."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.eml")).write_bytes(FIRST)
    ((source, raw),) = read_path(tmp_path)
    assert source.endswith("/\\xff.eml")
    assert source.encode()
    assert raw == FIRST


def mbox_of(*raws: bytes) -> bytes:
    """An mboxrd."""
    out = b""
    for raw in raws:
        lines = [
            b">" + line if line.lstrip(b">").startswith(b"From ") else line
            for line in raw.splitlines(keepends=True)
        ]
        out += FROM + b"".join(lines) + (b"" if raw.endswith(b"\n") else b"\n") + b"\n"
    return out


def read(
    content: bytes, mboxrd: bool = False, limit: int = 10_000
) -> tuple[list[tuple[int, bytes]], list[str]]:
    """(offset, message) of each message of an mbox, and the problems."""
    problems: list[str] = []
    found = read_mbox(io.BytesIO(content), "box", limit=limit, problem=problems.append, mboxrd=mboxrd)
    return list(found), problems


def test_an_mbox(tmp_path: Path) -> None:
    """Each message comes without its From line and the empty line behind it; the source tells where it begins."""
    content = mbox_of(SECOND, FIRST, b"Subject: x\n\n")
    (tmp_path / "in.mbox").write_bytes(content)
    (tmp_path / "Inbox").write_bytes(content)
    for name in ("in.mbox", "Inbox"):
        found = list(read_path(tmp_path / name))
        assert [raw for _, raw in found] == [SECOND, FIRST, b"Subject: x\n\n"]
        for source, raw in found:
            path, _, offset = source.rpartition("@")
            assert path == str(tmp_path / name)
            assert content[int(offset) :].startswith(raw)
    assert len(listed(tmp_path)[0]) == 6


def test_mbox_agrees_with_the_standard_library(tmp_path: Path) -> None:
    """A file that Python's mailbox module wrote gives the messages that it reads back."""
    box = mailbox.mbox(tmp_path / "box.mbox")
    for number in range(5):
        message = Message()
        message["From"] = "a@example.org"
        message.set_payload(f"Hello {number}\n\nFrom here\n>From there\n\n")
        box.add(message)
    box.flush()
    expected = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118  # a Mailbox iterates over messages
    assert [raw for _, raw in read_path(tmp_path / "box.mbox")] == expected


def test_quoted_lines_stay_unless_the_file_is_known_to_be_mboxrd() -> None:
    """A > before From is kept, as nobody can tell who wrote it, and taken away only where the caller knows."""
    raw = b"Subject: x\n\nFrom a\n>From b\n>>From c\n> From d\n"
    stored = b"Subject: x\n\n>From a\n>>From b\n>>>From c\n> From d\n"
    assert read(mbox_of(raw)) == ([(len(FROM), stored)], [])
    assert read(mbox_of(raw), mboxrd=True) == ([(len(FROM), raw)], [])


def test_unquoted_text_is_no_separator() -> None:
    """A line From … in a text begins a message only after an empty line and before a header field."""
    raw = b"Subject: x\n\nDear all,\nFrom: us: to you\n\nFrom now on all is well.\nGoodbye\n\nFrom \n\nx\n"
    assert read(FROM + raw + b"\n") == ([(len(FROM), raw)], [])


def test_line_ends_of_both_kinds() -> None:
    """An mbox with CRLF is read as one with LF; what stands inside stays."""
    content = mbox_of(SECOND, SECOND).replace(b"\n", b"\r\n")
    found, problems = read(content)
    assert [raw for _, raw in found] == [SECOND.replace(b"\n", b"\r\n")] * 2
    assert problems == []


@pytest.mark.parametrize("cut", [1, 2, 10, 30])
def test_an_mbox_that_is_cut(cut: int) -> None:
    """What is there comes, the last message as far as it goes, and one sentence tells of it."""
    content = mbox_of(SECOND, SECOND + b"the last line\n")
    found, problems = read(content[:-cut])
    assert found[0] == (len(FROM), SECOND)
    assert len(found) == 2
    assert found[1][1] == content[found[1][0] : -cut]
    assert len(problems) == 1
    assert f"box seems cut: its last message, at byte {found[1][0]}," in problems[0]


def test_a_file_that_is_no_mbox() -> None:
    """A file without a From line gives a sentence and no message; an empty one gives neither."""
    found, problems = read(b"garbage\nFrom x\nSubject: y\n\n")
    assert found == []
    assert len(problems) == 1
    assert problems[0].startswith("box is no mbox")
    assert read(b"") == ([], [])
    assert read(b"\n\n") == ([], [])


def test_a_large_message_in_an_mbox() -> None:
    """It is told with its place and skipped; those around it come."""
    content = mbox_of(SECOND, b"Subject: x\n\n" + b"y" * 2000 + b"\n", FIRST)
    found, problems = read(content, limit=1000)
    assert [raw for _, raw in found] == [SECOND, FIRST]
    assert len(problems) == 1
    assert f"at byte {len(mbox_of(SECOND)) + len(FROM)} of box was not read" in problems[0]


def test_lines_longer_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line read in pieces is one line: nothing inside it begins a message or ends one."""
    monkeypatch.setattr(mbox, "_LINE", 64)
    raw = b"Subject: x\n\n" + b"z" * 63 + b"\n" + b"z" * 64 + b"From x\n" + b"z" * 64 + b"\n\nnext: line\n"
    assert read(mbox_of(raw, raw)) == (
        [(len(FROM), raw), (len(mbox_of(raw)) + len(FROM), raw)],
        [],
    )


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Reading an mbox of 64 MB, one line of 32 MB among it, takes a few MB: the limit and one line, not the file."""
    with (tmp_path / "large.mbox").open("wb") as file:
        for _ in range(32):
            file.write(FROM + b"Subject: x\n\n" + b"x" * (1 << 20) + b"\n\n")
        file.write(FROM + b"Subject: x\n\n" + b"x" * (32 << 20) + b"\n\n")
    tracemalloc.start()
    assert sum(1 for _ in read_path(tmp_path / "large.mbox", limit=2 << 20)) == 32
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 << 20


MAIL = st.lists(
    st.sampled_from(
        [b"From ", b">", b"text", b"Subject: x", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"\x00\xff"]
    ),
    max_size=30,
).map(b"".join)


@given(st.lists(MAIL.map(lambda body: b"Subject: x\n" + body), max_size=4))
def test_mboxrd_round_trip(raws: list[bytes]) -> None:
    """Whatever messages an mboxrd was written from come back, but for the line end that the format adds to the last."""
    content = b""
    for raw in raws:
        lines = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in raw.split(b"\n")]
        content += FROM + b"\n".join(lines) + (b"" if raw.endswith(b"\n") else b"\n") + b"\n"
    found, problems = read(content, mboxrd=True)
    assert [raw for _, raw in found] == [raw if raw.endswith(b"\n") else raw + b"\n" for raw in raws]
    assert problems == []


@pytest.mark.corpus
def test_every_file_of_a_corpus_is_read(corpus: Path) -> None:
    """Each .eml of the corpus comes once and unchanged, in sorted order, and nothing else does."""
    expected = sorted(corpus.rglob("*.eml"))
    problems: list[str] = []
    found = list(read_path(corpus, problem=problems.append))
    assert [source for source, _ in found] == [str(path) for path in expected]
    assert all(raw == path.read_bytes() for (_, raw), path in zip(found, expected, strict=True))
    assert problems == []
