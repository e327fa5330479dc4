"""`unpixel plugin`: the plug-ins for mail programs."""

from __future__ import annotations

from pathlib import Path

import click

from blocker.output.terminal import say


@click.group()
def plugin() -> None:
    """Make the plug-in for a mail program.

    \b
    Example:
      unpixel plugin build thunderbird -o unpixel.xpi
    """


@plugin.command()
@click.argument("name", metavar="PROGRAM")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; an older one is replaced.",
)
def build(name: str, output: Path | None) -> None:
    """Write the file that PROGRAM (thunderbird) installs.

    \b
    Example:
      unpixel plugin build thunderbird -o unpixel.xpi
    """
    from webui.plugins import PLUGINS, package

    if name not in PLUGINS:
        raise click.UsageError(f"There is no plug-in for {name!r}. There is one for: {', '.join(PLUGINS)}.")
    target = output or Path(PLUGINS[name])
    try:
        target.write_bytes(package(name))
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}.") from error
    say(f"{target} is written. In Thunderbird: Add-ons and Themes, the wheel, Install Add-on From File.")
