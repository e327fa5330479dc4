"""One account: how it is, and what a person may do about it; and adding one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.values import Account
from blocker.choices.levels import Level
from blocker.choices.modes import Mode
from blocker.config import (
    AccountConfig,
    Config,
    ConfigError,
    Security,
    add_account,
    check_account,
    set_account,
)
from blocker.config.loopback import is_loopback
from blocker.config.model import PORTS
from blocker.config.providers import by_address
from blocker.signin.keeping import kept
from webui import guide as way
from webui.access import Scope, needs
from webui.areas import guide
from webui.language import _
from webui.site import catalogue
from webui.standing import heartbeats

blueprint = Blueprint("account", __name__)
SPANS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "open": None}
"""How long a pause may be asked for: until it is ended where there is no time."""
ENCRYPTION: Mapping[str, Security] = {"tls": "tls", "starttls": "starttls", "none": "none"}
LONGEST_SWEEP = 36500
"""Days."""


def _known() -> dict[str, Account]:
    """Every account that one may see, by name."""
    return {account.name: account for account in catalogue().accounts()}


@blueprint.get("/accounts/add")
@needs(Scope.OWN)
def new() -> str:
    """The form for a further account."""
    return render_template("account/add.html", error="")


@blueprint.get("/accounts/<name>")
@needs(Scope.READ)
def one(name: str) -> str:
    """One account."""
    return _page(name)


def _page(name: str, error: str = "") -> str:
    known = _account(name)
    config = way.config_of_the_site()
    return render_template(
        "account/one.html",
        account=known,
        configured=next((each for each in config.accounts if each.name == name), None) if config else None,
        beat=next(beat for beat in heartbeats() if beat.account == name),
        pause=catalogue().pauses().get(name),
        profile=catalogue().profile(name),
        requests=way.requests_of(name),
        modes=tuple(Mode),
        levels=tuple(Level),
        left=way.left,
        error=error,
    )


@blueprint.post("/accounts/add")
@needs(Scope.OWN)
def add() -> BaseResponse | tuple[str, int]:
    """Write a new account into the configuration; its password goes to the keyring or a private file, and nowhere else."""
    config = _changeable()
    _secure()
    try:
        account = _from_form()
        check_account(config.path, account)
        add_account(config.path, kept(account, request.form.get("password", ""), config.data_dir))
    except ConfigError as error:
        return _failed(str(error), "account/add.html")
    return redirect(url_for("guide.index", account=account.name), 303)


@blueprint.post("/accounts/<name>/password")
@needs(Scope.OWN)
def password(name: str) -> BaseResponse | tuple[str, int]:
    """Keep another password of an account, with which a running service tries again."""
    config = _changeable()
    _secure()
    try:
        account = config.account(name)
        if account.sign_ins and not (account.password_keyring or account.password_file):
            raise ConfigError(
                _(
                    "The password of this account is not kept by unpixel: its configuration says where it comes from."
                )
            )
        now = kept(account, request.form.get("password", ""), config.data_dir)
        places = {"password_keyring": now.password_keyring or None, "password_file": now.password_file}
        set_account(config.path, name, **places)
    except ConfigError as error:
        return _failed(str(error), name=name)
    return _back(name)


@blueprint.post("/accounts/<name>/edit")
@needs(Scope.OWN)
def edit(name: str) -> BaseResponse | tuple[str, int]:
    """Set an account's mode and level, those that the form names."""
    config = _changeable()
    choices = {"mode": tuple(Mode), "level": tuple(Level)}
    values = {key: request.form[key] for key in choices if key in request.form}
    if not values or any(value not in choices[key] for key, value in values.items()):
        abort(400, _("Choose a mode and a level of the lists."))
    try:
        set_account(config.path, name, **values)
    except ConfigError as error:
        return _failed(str(error), name=name)
    return _back(name)


@blueprint.post("/accounts/<name>/pause")
@needs(Scope.ACT)
def pause(name: str) -> BaseResponse:
    """Leave an account's mail alone for a while."""
    span = request.form.get("span", "")
    if span not in SPANS:
        abort(400, _("Choose how long of the list."))
    length = SPANS[span]
    catalogue().pause([_account(name).name], datetime.now(UTC) + length if length else None)
    return _back(name)


@blueprint.post("/accounts/<name>/resume")
@needs(Scope.ACT)
def resume(name: str) -> BaseResponse:
    """End an account's pause."""
    catalogue().resume([_account(name).name])
    return _back(name)


@blueprint.post("/accounts/pause")
@needs(Scope.ACT)
def pause_all() -> BaseResponse:
    """Leave the mail of every account that one may see alone for a while, or with `resume` no longer."""
    names = [account.name for account in catalogue().accounts()]
    span = request.form.get("span", "")
    if span == "resume":
        catalogue().resume(names)
    elif span in SPANS:
        length = SPANS[span]
        catalogue().pause(names, datetime.now(UTC) + length if length else None)
    else:
        abort(400, _("Choose how long of the list."))
    return redirect(url_for("accounts.index"), 303)


@blueprint.post("/accounts/<name>/doctor")
@needs(Scope.ACT)
def doctor(name: str) -> BaseResponse:
    """Ask for the account's server to be tried out."""
    catalogue().request("doctor", _account(name).name, {})
    return _back(name)


@blueprint.post("/accounts/<name>/sweep")
@needs(Scope.ACT)
def sweep(name: str) -> BaseResponse:
    """Ask for the mail of the last days to be looked through; all of it where none are named."""
    said = request.form.get("days", "")
    if said and not (said.isascii() and said.isdigit() and 0 < int(said[:6]) <= LONGEST_SWEEP):
        abort(400, _("That is no number of days: write it like 30."))
    since = date.today() - timedelta(days=int(said)) if said else None
    catalogue().request("sweep", _account(name).name, {"since": since.isoformat() if since else None})
    return _back(name)


def _account(name: str) -> Account:
    """An account that one may see. Answers 404 for any other."""
    found = _known().get(name)
    if found is None:
        abort(404)
    return found


def _changeable() -> Config:
    """The configuration. Answers 404 where these pages have none that they may change."""
    config = way.config_of_the_site()
    if config is None:
        abort(404)
    return config


def _secure() -> None:
    """Refuse a password that came unencrypted over a network."""
    if not (request.is_secure or is_loopback(request.remote_addr or "")):
        abort(
            403, _("A password is taken from this computer or by HTTPS alone: put an HTTPS proxy in front.")
        )


def _from_form() -> AccountConfig:
    """The account of the form. Whatever else is sent with it (a program to run, a file) is not looked at."""
    said = {key: request.form.get(key, "").strip() for key in ("address", "host", "port", "security", "user")}
    address, known = said["address"], by_address(said["address"])
    if known and known.oauth_only and not said["host"]:
        raise ConfigError(
            _(
                "%(provider)s takes no password: add this account with `unpixel account add`.",
                provider=known.name,
            )
        )
    security = ENCRYPTION.get(said["security"], "tls")
    port = said["port"]
    if known and not said["host"]:
        host, number, security = known.host, known.port, known.security
    else:
        host = said["host"] or f"imap.{address.rpartition('@')[2]}"
        number = int(port[:6]) if port.isascii() and port.isdigit() else PORTS[security]
    return AccountConfig(
        name=address, address=address, host=host, port=number, security=security, user=said["user"] or address
    )


def _failed(error: str, template: str = "", name: str = "") -> tuple[str, int]:
    """The page that the form came from, with what went wrong."""
    if request.form.get("back") == "guide":
        return guide.page(error), 400
    return (render_template(template, error=error) if template else _page(name, error)), 400


def _back(name: str) -> BaseResponse:
    """To the page that the form came from."""
    if request.form.get("back") == "guide":
        return redirect(url_for("guide.index", account=name), 303)
    return redirect(url_for("account.one", name=name), 303)
