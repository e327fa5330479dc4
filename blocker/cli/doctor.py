"""`unpixel doctor`: try an account's server out, say what was found, keep it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from blocker.cli.reach import AS_JSON, ask_password, sentences
from blocker.config import AccountConfig, Config, Passwords, load, set_account
from blocker.output.terminal import say_json

if TYPE_CHECKING:
    from blocker.doctor import Advice, Findings

_SIGNS = {"good": ("✓", "green"), "bad": ("✗", "red"), "note": ("·", "dim")}


@click.command()
@click.argument("name", metavar="ACCOUNT")
@click.option(
    "--set-mode", "setting", is_flag=True, help="Write the mode that is found safe into the configuration."
)
@AS_JSON
def doctor(name: str, setting: bool, as_json: bool) -> None:
    """Try an account's mail server out in a scratch mailbox, and say which mode is safe there.

    Changes no mail of yours. Of the newest it reads one header field, to find the name under which your mail server
    reports who sent it. The scratch mailbox is deleted again whatever happens. What was found is kept, and
    `unpixel run` heeds it.

    \b
    Example:
      unpixel doctor personal
      unpixel doctor personal --json
    """
    with sentences():
        config = load()
        account = config.account(name)
        found, advice = examined(config, account, quiet=as_json)
        if setting:
            set_account(config.path, account.name, mode=advice.mode)
    if as_json:
        say_json(_plain(account, found, advice), indent=2)
    else:
        show(account, found, advice, setting)


def examined(config: Config, account: AccountConfig, *, quiet: bool = False) -> tuple[Findings, Advice]:
    """Try the server out, and keep what was found. Raises MailboxError, ConfigError and CatalogueError."""
    from blocker.catalogue import Catalogue
    from blocker.service import imap
    from blocker.service.doctoring import examine_and_keep

    with _ending_well(), _waiting(quiet) as tell, Catalogue.open(config.database) as catalogue:
        return examine_and_keep(account, imap(Passwords(ask_password)), catalogue, tell)


@contextmanager
def _ending_well() -> Iterator[None]:
    """SIGTERM ends as Ctrl-C does, after the scratch mailbox is gone."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _waiting(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Says on stderr what is being tried, where a person looks."""
    from blocker.output.styles import console, styled

    out = console(err=True)
    if quiet or not out.is_terminal:
        yield lambda _what: None
        return
    with out.status("connecting") as status:
        yield lambda what: status.update(styled(what))


def _plain(account: AccountConfig, found: Findings, advice: Advice) -> dict[str, object]:
    from blocker.doctor import rows

    return {
        "account": account.name,
        "mode": advice.mode,
        "why": list(advice.why),
        "checks": [asdict(row) for row in rows(found)],
        "findings": found.as_dict(),
    }


def show(account: AccountConfig, found: Findings, advice: Advice, written: bool | None) -> None:
    """Print what was found; and whether the mode was `written`, or how it would be. With None nothing is said of that."""
    from rich.table import Table

    from blocker.doctor import rows
    from blocker.output.styles import console, styled

    table = Table("", "Check", "Found", "What it means", box=None, pad_edge=False, header_style="bold")
    for row in rows(found):
        sign, style = _SIGNS[row.sign]
        table.add_row(styled(sign, style), styled(row.check), styled(row.found), styled(row.meaning))
    out = console()
    out.print(table)
    out.print()
    why = "; ".join(advice.why)
    out.print(styled(f'The safest mode that works on {account.host} is "{advice.mode}": {why}.'))
    if found.authserv_ids and not set(found.authserv_ids) <= set(account.authserv_ids):
        names = ", ".join(f'"{name}"' for name in found.authserv_ids)
        out.print(
            styled(
                f"Its mail server seems to report as {names}. If that is yours, its word proves who sent a mail: "
            )
            + styled(f"accounts.{account.name}.authserv_ids = [{names}]")
        )
    if written:
        out.print(styled(f'Account "{account.name}" is in mode "{advice.mode}" from now on.'))
    elif written is False and account.mode != advice.mode:
        out.print(
            styled(f'Account "{account.name}" is in mode "{account.mode}"; to change that: ')
            + styled(f"unpixel doctor {account.name} --set-mode")
        )
