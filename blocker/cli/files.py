"""What the commands on messages in files share: reading, writing, and ending with a sentence."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import click

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.output.terminal import say

if TYPE_CHECKING:
    from blocker.config import Config

MOST = 160
"""Characters of one value that a mail holds, where it is shown."""
LEVEL = click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=DEFAULT_LEVEL.value,
    show_default=True,
    help="How much to neutralise.",
)
RECIPIENT = click.option(
    "--recipient", "recipients", multiple=True, metavar="ADDRESS", help="An address of the reader's."
)


def judge_by_lists(config: Config | None = None) -> None:
    """Judge by the filter lists that a person has added, as the configuration leads to them; trouble with them is told."""
    from blocker.config import ConfigError, load
    from blocker.lists import ListError, use

    try:
        use((config or load()).data_dir)
    except ConfigError:
        return  # said by whoever needs the configuration
    except (ListError, OSError) as error:
        say(f"unpixel: no filter list is asked. {error}", err=True)


def read_file(name: str) -> bytes:
    """The bytes of a message file, or of standard input for `-`; ends the command with a sentence on an error."""
    if name == "-":
        return read_input()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        fail(f"{name} cannot be read ({error.strerror}); check the path.")


def read_input() -> bytes:
    """All of standard input; ends the command with a sentence where it is closed."""
    if sys.stdin is None:
        fail("standard input is closed; give it a message.")
    return sys.stdin.buffer.read()


def write(raw: bytes) -> None:
    """Write to standard output, byte for byte and all of it; ends the command with a sentence where it is closed."""
    if sys.stdout is None:
        fail("standard output is closed; send it to a file or a program.")
    out: BinaryIO = sys.stdout.buffer
    left = memoryview(raw)
    while left:
        # Unbuffered (PYTHONUNBUFFERED) it may take a part, and say so by the number alone.
        left = left[out.write(left) or 0 :]
    out.flush()


class Output(io.RawIOBase):
    """Standard output for whoever writes to a file object: all of what is given is written."""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """Write all of it."""
        raw = bytes(data)
        write(raw)
        return len(raw)


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence and exit code 1."""
    say(f"unpixel: {sentence}", err=True)
    sys.exit(1)
