"""The README's generated parts, so that they cannot drift.

    python -m tests.docs.reference          print the README as it should be
    python -m tests.docs.reference --write  put it there

Two kinds of part are generated: the command reference between its two markers (every command's `--help`), and what stands below
each `$ …` line of a `console` block (what that command prints, run at the top of the repository).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from blocker.cli import main as unpixel

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
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
    parts = [f"### `{words}`\n\n{FENCE}text\n{help_text(words)}{FENCE}\n" for words, _ in commands()]
    return "\n" + "\n".join(parts) + "\n"


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


def fresh(text: str) -> str:
    """The README with every generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return consoles(f"{before}{BEGIN}{reference()}{END}{after}")


def main(arguments: list[str]) -> int:
    """Print or write the README."""
    text = fresh(README.read_text("utf-8"))
    if arguments == ["--write"]:
        README.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
