"""The commands on accounts: run, account (add, list, remove, test)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from blocker.cli.adding import add, sign_in
from blocker.cli.reach import AS_JSON, NO_ACCOUNT, facts_of, facts_sentence, sentences, service, signed_in
from blocker.config import AccountConfig, default_path, load, remove_account
from blocker.output.terminal import say, say_json

if TYPE_CHECKING:
    from blocker.output.log import Form


@click.command()
@click.option("--account", "only", multiple=True, metavar="NAME", help="Only this account; may be repeated.")
@click.option("--once", is_flag=True, help="Look at each account once, then end.")
@click.option(
    "--log",
    "form",
    type=click.Choice(["human", "json"]),
    help="Log to stderr in this form, in place of the lines that name senders and subjects.",
)
@click.option("--verbose", is_flag=True, help="Log each step too (JSON unless --log says otherwise).")
@AS_JSON
def run(only: tuple[str, ...], once: bool, form: Form | None, verbose: bool, as_json: bool) -> None:
    """Watch the accounts, and do what each one's mode asks, until Ctrl-C.

    What changes in the configuration's accounts meanwhile is taken up at once.

    The first look at a folder only notes where it ends: mail that was there before is left to `unpixel sweep`.

    \b
    Example:
      unpixel run
      unpixel run --account personal --once
      unpixel run --log json
    """
    from blocker.cli.running import Printer, configure_log, run_until_stopped, wait_for_end
    from blocker.service.log import log_event

    configure_log(form, verbose=verbose)
    observer = log_event if form and not as_json else Printer(as_json)
    with sentences(), service(only, observer, waits=not once) as runner:
        if once:
            run_until_stopped(runner, runner.once)
            return
        runner.start()
        runner.follow()
        names = ", ".join(f"{a.name} ({a.mode})" for a in runner.accounts())
        say(
            f"Watching {names}. Ctrl-C ends." if names else f"{NO_ACCOUNT} It is then watched at once.",
            err=True,
        )
        wait_for_end(runner)


@click.group()
def account() -> None:
    """Add, list, remove and test the accounts that unpixel watches.

    \b
    Example:
      unpixel account add you@example.org
      unpixel account list
    """


account.add_command(add)
account.add_command(sign_in)


@account.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """List the accounts.

    \b
    Example:
      unpixel account list --json
    """
    with sentences():
        accounts = load().accounts
    if as_json:
        say_json([_plain(a) for a in accounts], indent=2)
        return
    if not accounts:
        say(NO_ACCOUNT, err=True)
    for each in accounts:
        folders = ", ".join(each.folders)
        say(f"{each.name}  {each.address}  {each.host}:{each.port}  {each.mode}/{each.level}  {folders}")


@account.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take an account out of the configuration. Its mail, quarantine and catalogue stay as they are.

    \b
    Example:
      unpixel account remove personal
    """
    with sentences():
        remove_account(default_path(), name)
    say(f'Removed account "{name}" from the configuration; its mail was not touched.')


@account.command()
@click.argument("name")
@AS_JSON
def test(name: str, as_json: bool) -> None:
    """Sign in to an account and say what its server can do. Changes nothing.

    \b
    Example:
      unpixel account test personal
    """
    with sentences():
        config = load()
        found = config.account(name)
        with signed_in(found) as store:
            facts = facts_of(found, store)
    if as_json:
        say_json(facts, indent=2)
    else:
        say(facts_sentence(found, facts))


def _plain(found: AccountConfig) -> dict[str, Any]:
    """An account as JSON: it holds no password, only where one comes from."""
    values = asdict(replace(found, ca_file=None, password_file=None))
    for name in ("ca_file", "password_file"):
        values[name] = str(path) if (path := getattr(found, name)) else None
    return values
