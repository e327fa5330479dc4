"""The application: a factory that puts the areas together."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.routing import BaseConverter

from blocker.catalogue import Catalogue
from blocker.output import safe
from blocker.sender import Trust
from webui import access, cors, errors, headers, language, words
from webui.access import guard, pages, sessions
from webui.access.hosts import Hosts
from webui.areas import areas, menu
from webui.rates import PER_MINUTE, Rates
from webui.site import Site
from webui.standing import idle, standing
from webui.wanted import RANGES


class Objects(DefaultJSONProvider):
    """JSON that may be shown in a terminal."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """The object in printable ASCII."""
        return safe.escaped(super().dumps(obj, **kwargs))


class Name(BaseConverter):
    """A sender's name in an address: mail may hold any character there, a slash or a line end too."""

    regex = r"[\s\S]+?"
    part_isolating = False


def create_app(
    catalogue: Catalogue,
    *,
    secret: str | bytes | None = None,
    key: bytes | None = None,
    trust: Trust | None = None,
    unprovable: frozenset[str] = frozenset(),
    open_metrics: bool = False,
    origins: Iterable[str] = (),
    per_minute: int = PER_MINUTE,
    hosts: Iterable[str] = (),
    config: Path | None = None,
) -> Flask:
    """The pages and the API over a catalogue.

    `secret` signs the session cookie; left out, a new one is made, and sessions end with the program.
    `key` is the installation's key, with which the API signs what it neutralises; `trust` is what proves to it that a
    mail is its sender's, and `unprovable` names the accounts for which there is no such proof. With `open_metrics`, which is
    for an address that this machine alone can reach, /metrics asks for no token. `hosts` are the names and addresses under
    which the pages answer, beside those that every machine has for itself.
    `config` is the configuration's file, in which owners may add accounts and set modes, levels and the retention.
    """
    app = Flask(__name__)
    app.json = Objects(app)
    app.session_interface = sessions.Cookies()
    app.url_map.converters["name"] = Name
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "finalize": safe.page}
    app.config.update(
        SECRET_KEY=secret or secrets.token_bytes(32),
        SESSION_COOKIE_NAME="unpixel",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=sessions.HOURS),
        MAX_CONTENT_LENGTH=errors.MAX_BODY,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.extensions["unpixel"] = Site(
        catalogue,
        key,
        trust or Trust(),
        open_metrics,
        config=config,
        unprovable=unprovable,
        rates=Rates(per_minute),
        origins=frozenset(origins),
        hosts=Hosts.of(hosts),
    )
    app.jinja_env.globals.update(
        csrf_token=sessions.csrf_token,
        who=access.who,
        may=access.may,
        menu=menu(),
        ranges=tuple(RANGES),
        standing=standing,
        idle=idle,
    )
    language.register(app)
    words.register(app)
    errors.register(app)
    app.before_request(cors.preflight)
    app.before_request(guard.guard)
    app.after_request(headers.add)
    app.after_request(cors.add)
    for blueprint in (pages.blueprint, *areas()):
        app.register_blueprint(blueprint)
    return app
