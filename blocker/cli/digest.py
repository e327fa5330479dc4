"""`unpixel digest`: last week's figures as a mail in the account's own inbox."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from blocker.cli.reach import sentences, service
from blocker.output.terminal import say


@click.command()
@click.argument("name", metavar="ACCOUNT")
def digest(name: str) -> None:
    """Put a mail into the account's inbox that says who tracked last week, with whose trackers, and what was prevented.

    Each week has one at most, however often this is called. It holds no link. A running service is asked to send it;
    with `digest = "weekly"` in the account's table it does so by itself. `language` there says in which language.

    \b
    Example:
      unpixel digest personal
    """
    from blocker.catalogue import Catalogue
    from blocker.config import load
    from blocker.service import Busy

    with sentences():
        config = load()
        config.account(name)
        try:
            with service((name,), lambda _event: None) as runner:
                sent = runner.digest(name, datetime.now(UTC))
        except Busy as busy:
            if not busy.serves:
                raise
            with Catalogue.open(config.database) as catalogue:
                catalogue.request("digest", name, {})
            say(f'A running service watches "{name}": it was asked to send the digest.')
            return
    say(
        "The digest of last week lies in the inbox now."
        if sent
        else "Nothing was sent: last week's digest was sent before, or nothing is known of that week's mail."
    )
