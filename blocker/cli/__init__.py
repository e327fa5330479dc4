"""The command line. Each command's module is imported when it is asked for, so that `filter` starts fast."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from blocker.output.safe import line, lines

COMMANDS = {
    "scan": "blocker.cli.scan:scan",
    "explain": "blocker.cli.explain:explain",
    "neutralise": "blocker.cli.neutralise:neutralise",
    "restore": "blocker.cli.past:restore",
    "filter": "blocker.cli.neutralise:filter_",
    "run": "blocker.cli.accounts:run",
    "setup": "blocker.cli.setup:setup",
    "account": "blocker.cli.accounts:account",
    "doctor": "blocker.cli.doctor:doctor",
    "sweep": "blocker.cli.past:sweep",
    "pause": "blocker.cli.pausing:pause",
    "resume": "blocker.cli.pausing:resume",
    "service": "blocker.cli.service:service",
    "digest": "blocker.cli.digest:digest",
    "senders": "blocker.cli.pages:senders",
    "sender": "blocker.cli.sender:sender",
    "feedback": "blocker.cli.feedback:feedback",
    "export": "blocker.cli.export:export",
    "forget": "blocker.cli.pages:forget",
    "rules": "blocker.cli.rules:rules",
    "backup": "blocker.cli.backup:backup",
    "restore-backup": "blocker.cli.backup:restore_backup",
    "web": "blocker.cli.pages:web",
    "user": "blocker.cli.access:user",
    "token": "blocker.cli.access:token",
    "plugin": "blocker.cli.plugin:plugin",
    "docs": "blocker.cli.docs:docs",
    "demo": "blocker.cli.demo:demo",
}


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LazyGroup(click.Group):
    """A group whose commands are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module and return the command."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, attribute = target.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def main(self, *arguments: Any, **more: Any) -> Any:
        """Run the program. What none of us foresaw may quote a mail too, so its traceback is made fit as well."""
        sys.excepthook = _unforeseen
        return super().main(*arguments, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong may quote a mail or a server, so its sentence is made fit for a terminal."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            if (clean := _fit(error)) is not error:
                raise clean from error
            raise
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            _drop_what_is_left()
            raise click.ClickException(
                f"The output cannot be written ({error.strerror}): make room for it, then try again."
            ) from error


def _drop_what_is_left() -> None:
    """Nothing more is written to standard output, or the interpreter would fail over it again as it ends."""
    with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(lines("".join(traceback.format_exception(kind, error, trace))))


def _fit(error: click.ClickException) -> click.ClickException:
    """The error itself, or one that says the same in printable text."""
    said = error.format_message()
    if isinstance(error, click.UsageError):
        text = lines(said)
        return error if text == said else click.UsageError(text, error.ctx)
    text = line(said)
    if text == said:
        return error
    kind: type[click.ClickException] = type("Told", (click.ClickException,), {"exit_code": error.exit_code})
    return kind(text)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unpixel", prog_name="unpixel")
def main() -> None:
    """Find and neutralise what spies on you in your mail.

    Start with `unpixel demo`, or look at a message of your own: `unpixel scan message.eml`.
    """
