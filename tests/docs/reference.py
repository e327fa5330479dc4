"""The generated parts of the README and of the manual, so that they cannot drift.

    python -m tests.docs.reference          say which pages are not as they should be
    python -m tests.docs.reference --write  write them anew

Two kinds of part are generated: what stands between two markers (`MADE` says what), and what stands below each `$ …` line of
a `console` block (what that command prints, run at the top of the repository).
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from blocker.catalogue import Catalogue
from blocker.choices.levels import Level
from blocker.choices.modes import Mode
from blocker.cli import main as unpixel
from blocker.config.keys import Number, key_of, keys_of
from blocker.config.model import AccountConfig, Config, ServiceConfig, WebConfig
from blocker.config.providers import providers
from blocker.detect.contract import REASON, REFERENCE, REPORT, Keys
from blocker.detect.tables import MESSAGES, REFERENCES
from blocker.output.columns import Columns
from tests.servers.quirks import QUIRKS
from webui import create_app
from webui.areas.api.answers import NAMED
from webui.areas.api.openapi import describe

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MANUAL = ROOT / "blocker" / "docs"
PART = re.compile(r"<!-- (?P<name>\w+): begin -->\n.*?<!-- (?P=name): end -->\n", re.DOTALL)
FENCE = "```"
WIDTH = 100


def commands(group: click.Group = unpixel, path: str = "unpixel") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with the words that call it, groups before their members."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def help_text(words: str) -> str:
    """What `… --help` prints."""
    return output([*shlex.split(words)[1:], "--help"])


def output(arguments: list[str]) -> str:
    """What a command writes to stdout. Raises RuntimeError where it fails."""
    result = CliRunner(env={"COLUMNS": str(WIDTH), "NO_COLOR": "1"}).invoke(
        unpixel, arguments, prog_name="unpixel", terminal_width=WIDTH, max_content_width=WIDTH
    )
    if result.exit_code != 0:
        raise RuntimeError(f"unpixel {shlex.join(arguments)} failed: {result.output}") from result.exception
    return "".join(f"{line.rstrip()}\n" for line in result.stdout.splitlines())


def reference() -> str:
    """The command reference: one heading and one help text for each command."""
    parts = [f"## `{words}`\n\n{FENCE}text\n{help_text(words)}{FENCE}\n" for words, _ in commands()]
    return "\n" + "\n".join(parts) + "\n"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def careful() -> str:
    """The providers whose servers change what is stored."""
    return table(("provider", "what is known"), [(p.name, p.careful) for p in providers() if p.careful])


def quirks() -> str:
    """The faults that the tests' server commits, by the server they were seen on."""
    by_server: dict[str, list[str]] = defaultdict(list)
    for quirk in QUIRKS[1:]:
        by_server[quirk.seen].append(quirk.name)
    rows = [
        (seen, "; ".join(names)) for seen, names in sorted(by_server.items(), key=lambda row: row[0].lower())
    ]
    return table(("seen on", "faults"), rows)


def modes() -> str:
    """What each mode does."""
    rows = ((f"`{mode}`", mode.summary, mode.afterwards) for mode in Mode)
    return table(("mode", "what it does", "the mailbox afterwards"), rows)


def levels() -> str:
    """What each level takes out."""
    return table(("level", "neutralises"), ((f"`{level}`", level.summary) for level in Level))


TABLES = (("", Config), ("accounts.NAME.", AccountConfig), ("web.", WebConfig), ("service.", ServiceConfig))
"""The tables of the configuration, each with what stands before its keys."""


def configuration() -> str:
    """The keys of the configuration, with what holds where one is missing."""
    rows = (
        _row(prefix, field)
        for prefix, kind in TABLES
        for field in fields(kind)
        if field.name in keys_of(kind)
    )
    return table(("key", "default", "meaning"), rows)


def _row(prefix: str, field: Field[Any]) -> tuple[str, ...]:
    key = key_of(field)
    bounds = (
        f" ({key.kind.low:g} to {key.kind.high:g} {key.kind.unit})" if isinstance(key.kind, Number) else ""
    )
    default = "required" if key.example else key.without or written(field.default)
    return f"`{prefix}{field.name}`", default, key.meaning + bounds


def written(default: object) -> str:
    """A default as TOML writes it."""
    if default is None:
        return "none"
    if isinstance(default, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in default) + "]`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float | int) else f'`"{default}"`'


def json_keys() -> str:
    """The keys of a report."""
    return table(("key", "type", "meaning"), _rows(REPORT, ""))


def _rows(keys: Keys, path: str) -> Iterator[tuple[str, ...]]:
    for key in keys:
        yield f"`{path}{key.name}`", key.type, key.meaning
        yield from _rows(key.inside, f"{path}{key.name}{'[]' * (key.type == 'array')}.")


def columns(of: Columns) -> str:
    """The columns of a table for programs."""
    rows = ((f"`{c.name}`", c.type + " or none" * c.optional, c.meaning) for c in of)
    return table(("column", "type", "meaning"), rows)


def api() -> str:
    """The operations of the API."""
    with Catalogue.open("sqlite://") as store:
        found = describe(create_app(store))
    rows = (
        (f"`{method.upper()} /api/v1{path}`", _scope(each), each["summary"])
        for path, item in found["paths"].items()
        for method, each in item.items()
    )
    return table(("request", "scope", "what it does"), sorted(rows, key=lambda row: row[0].split(" ", 1)[1]))


def objects() -> str:
    """The objects that the API answers with, but for the report, which has a page of its own."""
    parts = [
        f"### {name}\n\n{table(('key', 'type', 'meaning'), _shallow(keys))}\n"
        for name, keys in NAMED.items()
        if keys not in (REPORT, REFERENCE, REASON)
    ]
    return "\n" + "".join(parts)


def _shallow(keys: Keys, path: str = "") -> Iterator[tuple[str, ...]]:
    """The rows of an object; of one in it that has a name, that name."""
    for key in keys:
        name = next((f"[{name}]" for name, known in NAMED.items() if key.inside and known is key.inside), "")
        yield f"`{path}{key.name}`", f"{key.type} {name}".strip(), key.meaning
        if not name:
            yield from _shallow(key.inside, f"{path}{key.name}{'[]' * (key.type == 'array')}.")


def _scope(operation: Mapping[str, Any]) -> str:
    """The scope that an operation of the API needs; nothing where it needs none."""
    return "".join(f"`{scope}`" for needed in operation["security"] for scope in needed["token"])


MADE: dict[str, Callable[[], str]] = {
    "reference": reference,
    "modes": modes,
    "levels": levels,
    "configuration": configuration,
    "json": json_keys,
    "api": api,
    "objects": objects,
    "messages": lambda: columns(MESSAGES),
    "references": lambda: columns(REFERENCES),
    "providers": careful,
    "quirks": quirks,
}
"""What stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`, by name."""


def consoles(text: str) -> str:
    """The text with the output below each `$ unpixel …` line of a console block made anew."""
    result: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if line.startswith(FENCE):
            inside = line.strip() == f"{FENCE}console"
            result.append(line)
        elif not inside:
            result.append(line)
        elif line.startswith("$ unpixel "):
            result += [line, output(shlex.split(line)[2:])]
        elif line.startswith("$ "):
            raise RuntimeError(f"a console block can only run unpixel: {line}")
    return "".join(result)


def pages() -> list[Path]:
    """The README and the manual's pages."""
    return [README, *sorted(MANUAL.glob("*.md"))]


def fresh(text: str) -> str:
    """A page with every generated part made anew. Raises KeyError for a marker that names nothing."""
    return consoles(PART.sub(lambda part: _made(part["name"]), text))


def _made(name: str) -> str:
    return f"<!-- {name}: begin -->\n{MADE[name]()}<!-- {name}: end -->\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or name those that are stale; gives 1 where one is."""
    stale = [path for path in pages() if fresh(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if arguments == ["--write"]:
            path.write_text(fresh(path.read_text("utf-8")), "utf-8")
    return int(bool(stale) and arguments != ["--write"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
