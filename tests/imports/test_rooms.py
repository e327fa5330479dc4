"""What each room may import, read from the source (tests/check proves the layers; this names single files)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "blocker/choices": ("blocker.choices",),
    "blocker/message": ("blocker.message",),
    "blocker/detect": ("blocker.detect", "blocker.message", "blocker.output.columns"),
    "blocker/rewrite": ("blocker.rewrite", "blocker.detect", "blocker.message", "blocker.choices"),
}
"""The pure rooms, and what of ours they may import."""
REACHING_OUT = (
    "urllib.request",
    "os",
    "io",
    "shutil",
    "pathlib",
    "glob",
    "http",
    "socket",
    "ssl",
    "subprocess",
)
"""Modules by which pure code could touch a disk or a network; a room's own data comes by importlib.resources."""

RULE_FILE = {
    ("blocker/detect/rules/__init__.py", "pathlib.Path"),
    ("blocker/detect/knowledge.py", "pathlib.Path"),
}
"""The vendor rules are data of the package, or a file somebody names instead: the one thing a pure room reads."""
CONVERTERS = {("blocker/message/html.py", "io.IncrementalNewlineDecoder")}
"""What stands in such a module and turns text into text, without a file: it does so in one pass."""


def imported(path: Path) -> Iterator[str]:
    """Every module or name a file imports, in full, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the prefixes or stands below one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def files(folder: str) -> list[Path]:
    """The Python files of a folder, which must have some."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"{folder} holds no Python file"
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_pure_room_imports_only_what_it_may(room: str) -> None:
    """message knows nothing of ours; detect knows message; rewrite knows both; none reaches out."""
    names = {(path.relative_to(ROOT).as_posix(), name) for path in files(room) for name in imported(path)}
    assert not {n for n in names if within(n[1], ("blocker", "webui")) and not within(n[1], ROOMS[room])}
    assert not {n for n in names if within(n[1], REACHING_OUT)} - RULE_FILE - CONVERTERS


@pytest.mark.parametrize("room", ROOMS)
def test_a_pure_room_opens_nothing(room: str) -> None:
    """No call of the built-in `open` in message, detect and rewrite."""
    calls = [
        f"{path.name}:{node.lineno}"
        for path in files(room)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert calls == []


INSIDES = {
    "debug",
    "file",
    "readline",
    "sock",
    "state",
    "tagged_commands",
    "tagpre",
    "untagged_responses",
    "welcome",
}
"""What imaplib and imapclient have and do not document."""


def test_one_file_knows_imaplib_and_imapclient() -> None:
    """Only the wire imports them; whoever uses the wire touches nothing private of it, nor what imaplib keeps for itself."""
    importing = [
        path
        for path in files("blocker") + files("webui")
        if any(within(name, ("imapclient", "imaplib")) for name in imported(path))
    ]
    assert importing == [ROOT / "blocker/mailbox/imap/wire.py"]
    touched = [
        f"{path.name}:{node.lineno} {node.attr}"
        for path in files("blocker/mailbox/imap")
        if path not in importing
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
        and (node.attr in INSIDES or (node.attr.startswith("_") and not node.attr.endswith("__")))
    ]
    assert touched == []


def test_the_pages_never_name_a_mailbox() -> None:
    """webui asks through the catalogue's commands; it names neither a mailbox nor the service."""
    forbidden = ("blocker.mailbox", "blocker.service", "imapclient", "imaplib")
    assert not [p.name for p in files("webui") if any(within(name, forbidden) for name in imported(p))]
