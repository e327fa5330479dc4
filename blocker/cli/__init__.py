"""The command line. Each command's module is imported when it is asked for, so that `filter` starts fast."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "scan": "blocker.cli.files:scan",
    "explain": "blocker.cli.explain:explain",
    "neutralise": "blocker.cli.files:neutralise",
    "restore": "blocker.cli.past:restore",
    "filter": "blocker.cli.files:filter_",
    "run": "blocker.cli.accounts:run",
    "account": "blocker.cli.accounts:account",
    "doctor": "blocker.cli.doctor:doctor",
    "sweep": "blocker.cli.past:sweep",
    "service": "blocker.cli.service:service",
    "senders": "blocker.cli.pages:senders",
    "sender": "blocker.cli.sender:sender",
    "export": "blocker.cli.pages:export",
    "forget": "blocker.cli.pages:forget",
    "web": "blocker.cli.pages:web",
    "docs": "blocker.cli.docs:docs",
    "demo": "blocker.cli.demo:demo",
}


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


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unpixel", prog_name="unpixel")
def main() -> None:
    """Find and neutralise what spies on you in your mail.

    Start with `unpixel demo`, or look at a message of your own: `unpixel scan message.eml`.
    """
