"""The commands on past mail: sweep it, and put originals back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from blocker.catalogue import Catalogue, MessageFilter
from blocker.cli.reach import AS_JSON, sentences, service
from blocker.config import ConfigError, load
from blocker.output.terminal import confirm, say, say_json

if TYPE_CHECKING:
    from blocker.cli.totals import Totals
    from blocker.service.looks.sweep import Swept

MOST = 500
"""Messages that a sweep changes before it asks."""


@click.command()
@click.argument("name", metavar="ACCOUNT")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only mail that arrived on or after this day.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; change and record nothing.")
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=MOST,
    show_default=True,
    help="Messages to change before you are asked whether to go on.",
)
@click.option("--yes", is_flag=True, help="Do not ask: change as many as there are.")
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 10000),
    metavar="NUMBER",
    help="Messages a second; 50 unless the server is this machine's, which is asked as fast as it answers.",
)
@AS_JSON
def sweep(
    name: str, since: datetime | None, dry_run: bool, most: int, yes: bool, rate: float | None, as_json: bool
) -> None:
    """Treat the mail that an account's folders hold already, newest first, as its mode asks.

    May be cut short and started again: it goes on where it was. While `unpixel run` is at work, the sweep is
    handed to it. It ends with what it did, counts by verdict, the vendors in most messages, and the senders that track
    most.

    \b
    Example:
      unpixel sweep personal --since 2026-01-01 --dry-run
      unpixel sweep personal
    """
    if not swept(
        name, since, dry_run=dry_run, most=None if yes or dry_run else most, rate=rate, as_json=as_json
    ):
        sys.exit(1)


def swept(
    name: str,
    since: datetime | None,
    *,
    dry_run: bool = False,
    most: int | None = MOST,
    rate: float | None = None,
    as_json: bool = False,
) -> bool:
    """Sweep an account in front of a person, who is asked whether to go on after `most` changes; whether all went well."""
    from blocker.cli.running import (
        Printer,
        configure_log,
        ended_by_signals,
        run_until_stopped,
        sweep_progress,
    )
    from blocker.service import Busy
    from blocker.service.looks.sweep import Swept, usual

    configure_log()
    printer = Printer(as_json, quiet=not dry_run, dry_run=dry_run)
    with ended_by_signals(printer), sentences(), service((name,), printer) as runner:
        limits = usual(load().account(name), most, rate)
        done = Swept()

        def work() -> None:
            with sweep_progress(name, hidden=as_json) as progress:
                found = runner.sweep(name, since, dry_run=dry_run, progress=progress, limits=limits)
            done.update(found)
            done.left, done.full, done.failed = found.left, found.full, found.failed
            if not dry_run:
                runner.views(name)

        try:
            run_until_stopped(runner, work)
            while done.left and not done.full and _go_on(done, as_json):
                run_until_stopped(runner, work)
        except Busy as busy:
            if not busy.serves:
                raise
            _hand_over(name, since, as_json)
            return True
        _tell(name, done, printer.totals, dry_run, as_json)
    return not done.failed


def _go_on(done: Swept, as_json: bool) -> bool:
    """Ask whoever is there; nobody there is a no."""
    if as_json or not sys.stdin.isatty():
        return False
    return confirm(f"{done.rewritten} messages were changed, {done.left} are still to be looked at. Go on?")


def _tell(name: str, done: Swept, totals: Totals, dry_run: bool, as_json: bool) -> None:
    if as_json:
        said = {"account": name, "dry_run": dry_run, "done": dict(done), "left": done.left, "full": done.full}
        say_json(said | {"failed": dict(done.failed), "totals": totals.as_dict()})
        return
    say(_summary(done, dry_run))
    say(*totals.lines())
    if done.full:
        say(
            f"It paused there, with {done.left} messages still to be looked at, as the provider limits what is read a "
            f"day: `unpixel sweep {name}` goes on, best tomorrow."
        )
    elif done.left:
        say(
            f"It paused there, with {done.left} messages still to be looked at: "
            f"`unpixel sweep {name}` goes on, with --yes to the end."
        )


def _hand_over(name: str, since: datetime | None, as_json: bool) -> None:
    with Catalogue.open(load().database) as catalogue:
        catalogue.request("sweep", name, {"since": since.date().isoformat() if since else None})
    if as_json:
        say_json({"account": name, "handed_over": True})
        return
    say(f'A running service watches "{name}": the sweep was handed to it, and its pages show how it ends.')


def _summary(done: Swept, dry_run: bool) -> str:
    total = sum(done.values())
    words = {
        "replaced": "replaced",
        "copied": "copied",
        "flagged": "flagged",
        "left": "left alone",
        "reported": "recorded, nothing to change",
    }
    parts = ", ".join(f"{done[key]} {text}" for key, text in words.items() if done.get(key))
    lead = "Would be treated" if dry_run else "Treated"
    return f"{lead}: {total} message{'' if total == 1 else 's'}{' (' + parts + ')' if parts else ''}."


@click.command()
@click.argument("file", metavar="[FILE|-]", required=False)
@click.option("--account", metavar="NAME", help="Put originals of this account back, out of its quarantine.")
@click.option("--message-id", metavar="ID", help="The one of this Message-ID.")
@click.option("--sender", metavar="DOMAIN", help="Those of this sender, named as `unpixel senders` does.")
@click.option("--all", "everything", is_flag=True, help="All that were replaced.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@AS_JSON
def restore(
    file: str | None,
    account: str | None,
    message_id: str | None,
    sender: str | None,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Put originals back: of a neutralised message in FILE to standard output, or of an account in its folders.

    The original of FILE is made from it alone, byte for byte; only where its header says `patch=catalogue` is the
    catalogue asked for what undoes the change. In an account, each original moves from the
    quarantine into its folder, takes over the flags of its copy, and the copy goes; it is not treated again.

    \b
    Example:
      unpixel restore quiet.eml > newsletter.eml
      unpixel restore --account personal --message-id 1@shop.example
      unpixel restore --account personal --sender shop.example
    """
    wishes = sum((message_id is not None, sender is not None, everything))
    if file is not None:
        if account or wishes:
            raise click.UsageError("Name a FILE, or an --account with what to put back, not both.")
        _from_file(file)
    elif not account or wishes != 1:
        raise click.UsageError("Name a FILE, or an --account and one of --message-id, --sender and --all.")
    else:
        _in_account(account, message_id, sender, yes, as_json)


def _from_file(file: str) -> None:
    from blocker.cli.files import fail, read_file, write
    from blocker.cli.kept import NotKept, find
    from blocker.rewrite.neutralise import RestoreError
    from blocker.rewrite.neutralise import restore as turn_back

    try:
        write(turn_back(read_file(file), find))
    except (RestoreError, NotKept) as error:
        fail(str(error))


def _in_account(account: str, message_id: str | None, sender: str | None, yes: bool, as_json: bool) -> None:
    with sentences():
        config = load()
        config.account(account)
        with Catalogue.open(config.database) as catalogue:
            wanted = list(_replaced(catalogue, account, message_id, sender))
        if not wanted:
            raise ConfigError(
                f'No message that was asked for was replaced in "{account}": the pages show what was, and where.'
            )
        if len(wanted) > 1 and not yes:
            _ask(f"Put {len(wanted)} originals back in their folders?")
        _put_back(account, wanted, as_json)


def _replaced(
    catalogue: Catalogue, account: str, message_id: str | None, sender: str | None
) -> Iterator[int]:
    """Numbers of the messages whose originals were moved."""
    if message_id is not None:
        found = catalogue.by_message_id(message_id)
        yield from (m.id for m in found if m.account == account and m.action == "replaced")
        return
    page, pages = 1, 1
    wanted = MessageFilter(account=account, sender=(sender or "").lower(), action="replaced")
    while page <= pages:
        found_page = catalogue.messages(wanted, page, 500)
        yield from (line.id for line in found_page.items)
        page, pages = page + 1, found_page.pages


def _put_back(account: str, wanted: list[int], as_json: bool) -> None:
    from blocker.cli.running import Printer, configure_log, ended_by_signals, run_until_stopped
    from blocker.service import Busy

    configure_log()
    failed: dict[int, str] = {}

    def restored(message: int, why: str) -> None:
        if why:
            failed[message] = why

    printer = Printer(as_json, quiet=as_json)
    with ended_by_signals(printer), service((account,), printer) as runner:
        try:
            run_until_stopped(runner, lambda: runner.restore(account, wanted, restored))
        except Busy as busy:
            if not busy.serves:
                raise
            _ask_the_service(account, wanted, as_json)
            return
    done = len(wanted) - len(failed)
    if as_json:
        told = {str(message): why for message, why in failed.items()}
        say_json({"account": account, "restored": done, "failed": told})
    else:
        say(f"{done} original{' is' if done == 1 else 's are'} back.")
        for why in failed.values():
            say(why, err=True)
    if failed:
        sys.exit(1)


def _ask_the_service(account: str, wanted: list[int], as_json: bool) -> None:
    with Catalogue.open(load().database) as catalogue:
        for message in wanted:
            catalogue.request("restore", account, {"message": message})
    if as_json:
        say_json({"account": account, "handed_over": True, "asked": len(wanted)})
        return
    say(
        f'A running service watches "{account}": it was asked to put {len(wanted)} back, and its pages show how that ends.'
    )


def _ask(question: str) -> None:
    """End the command unless a person says yes."""
    try:
        agreed = confirm(question)
    except click.Abort:
        agreed = False
    if not agreed:
        raise ConfigError("Nothing was put back: answer y, or give --yes.")
