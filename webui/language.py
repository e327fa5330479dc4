"""The language of the pages: which one a reader gets, and every sentence in it.

Sentences stand in code and templates in English, inside `_("…")`, `ngettext("…", "…", n)` or, in a table, `N_("…")`.
Their French stands in `translations/fr.po`; `python -m tests.docs.words` keeps that file sorted and complete.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import flask_babel  # type: ignore[import-untyped]  # ships no types
from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from jinja2 import pass_context
from jinja2.runtime import Context

from blocker.output.safe import page
from webui.site import wants_json

LANGUAGES = {"en": "English", "fr": "Français"}
"""Every language of the pages, by its code, in its own words. That of the code comes first."""
ENGLISH = "en"
COOKIE = "unpixel-language"
_DOMAIN = "messages"
_BEFORE = re.compile(r" (?=[;:!?»](?:[\s<.,)]|$))| (?=%%)")
_AFTER = re.compile(r"(?<=«) ")


def _(text: str, **values: Any) -> str:
    """A sentence in the reader's language; %(name)s in it stands for the value of that name."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """A sentence about a number, in the reader's language; %(num)s in it stands for the number."""
    said: str = flask_babel.get_translations().ungettext(one, many, number)
    return said % {"num": count(number), **values}


def pgettext(context: str, text: str, **values: Any) -> str:
    """A sentence that has several translations, told apart by a word on where it stands."""
    return str(flask_babel.pgettext(context, text, **values))


def N_(text: str) -> str:
    """Marks a sentence of a table, which `_` translates when it is shown."""
    return text


def count(number: int) -> str:
    """A number with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def current() -> str:
    """The code of the reader's language; English outside of a request."""
    locale = flask_babel.get_locale()
    return ENGLISH if locale is None else str(locale.language)


def asked() -> str:
    """The language that this request asks for: by the reader's own choice, else by the browser's.

    Programs get English, whose sentences are documented.
    """
    if wants_json():
        return ENGLISH
    kept = request.cookies.get(COOKIE)
    if kept in LANGUAGES:
        return kept
    read = [language for language, quality in request.accept_languages if quality]
    return negotiate_locale(read, list(LANGUAGES), sep="-") or ENGLISH


@cache
def translations(language: str) -> NullTranslations:
    """Every sentence in a language; those of the code themselves where it is English."""
    if language == ENGLISH:
        return NullTranslations()
    stored = resources.files("webui").joinpath("translations", f"{language}.po").read_text("utf-8")
    compiled = io.BytesIO()
    book = read_po(io.StringIO(stored), locale=language)
    for message in book:
        said = message.string or ""
        message.string = spaced(said) if isinstance(said, str) else tuple(map(spaced, said))
    write_mo(compiled, book)
    compiled.seek(0)
    return Translations(compiled)


def spaced(text: str) -> str:
    """A French sentence with no-break spaces where its punctuation asks for them; in the file they are plain ones."""
    return _AFTER.sub("\N{NO-BREAK SPACE}", _BEFORE.sub("\N{NARROW NO-BREAK SPACE}", text))


def register(app: Flask) -> None:
    """Give the application its languages; templates then know `_`, `ngettext`, `pgettext` and {% trans %}."""
    domain = flask_babel.Domain(domain=_DOMAIN)
    domain.cache = {(language, _DOMAIN): translations(language) for language in LANGUAGES}
    babel = flask_babel.Babel(app, default_locale=ENGLISH, locale_selector=asked)
    babel.domain_instance = domain
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    names: dict[str, Any] = app.jinja_env.globals
    names.update({name: _cleaned(names[name]) for name in ("_", "gettext", "pgettext")})
    names.update(ngettext=_counted(names["ngettext"]), languages=LANGUAGES, language=current)


def _cleaned(said: Callable[..., Any]) -> Callable[..., Any]:
    """The templates' own function, into whose sentences values go as they go into a page."""

    @pass_context
    def wrapped(context: Context, *texts: str, **values: Any) -> Any:
        return said(context, *texts, **{name: page(value) for name, value in values.items()})

    return wrapped


def _counted(plural: Callable[..., Any]) -> Callable[..., Any]:
    """The same of a sentence about a number, which is written as `count` does."""

    @pass_context
    def wrapped(context: Context, one: str, many: str, number: int, **values: Any) -> Any:
        cleaned = {name: page(value) for name, value in values.items()}
        return plural(context, one, many, number, **{"num": count(number), **cleaned})

    return wrapped
