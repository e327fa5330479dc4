"""Printing in front of a person. Whatever is printed passes through here, so no mail or server steers a terminal."""

from __future__ import annotations

import sys
from typing import Any

import click

from blocker.output.safe import as_json, line


def say(*texts: str, err: bool = False) -> None:
    """Print each text as one line, to stderr with `err`. What the terminal's charset lacks becomes a question mark."""
    charset = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    for text in texts:
        click.echo(line(text).encode(charset, "replace").decode(charset), err=err)


def say_json(value: object, indent: int | None = None) -> None:
    """Print a value for programs: on one line, or with an indent on several."""
    click.echo(as_json(value, indent))


def prompt(text: str, **more: Any) -> str:
    """Ask for a text on stderr, as `click.prompt` does."""
    given: str = click.prompt(line(text), err=True, **more)
    return given


def confirm(text: str) -> bool:
    """Ask a yes or no on stderr, as `click.confirm` does."""
    return click.confirm(line(text), err=True)
