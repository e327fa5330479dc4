"""`unpixel docs`: the manual, as it is shipped with the package."""

from __future__ import annotations

import sys
from importlib.resources import files

import click
from rich.markdown import Markdown

from blocker.output.styles import console
from blocker.output.terminal import say, say_json

PAGES = files("blocker") / "docs"


def names() -> list[str]:
    """The manual's pages, sorted."""
    return sorted(page.name.removesuffix(".md") for page in PAGES.iterdir() if page.name.endswith(".md"))


def text(name: str) -> str:
    """A page as Markdown."""
    return (PAGES / f"{name}.md").read_text("utf-8")


def title(name: str) -> str:
    """The first heading of a page."""
    return text(name).partition("\n")[0].removeprefix("# ")


@click.command(epilog="Example: unpixel docs modes")
@click.argument("page", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def docs(page: str | None, as_json: bool) -> None:
    """Show a page of the manual, or list them. Where the output is no terminal the page comes as Markdown."""
    if page is None:
        _list(as_json)
    elif page not in names():
        raise click.UsageError(f"There is no page {page!r}. There are: {', '.join(names())}.")
    elif as_json:
        say_json({"page": page, "title": title(page), "text": text(page)})
    elif sys.stdout.isatty():
        console().print(Markdown(text(page)))
    else:
        say(*text(page).splitlines())


def _list(as_json: bool) -> None:
    if as_json:
        say_json([{"page": name, "title": title(name)} for name in names()])
        return
    width = max(map(len, names()))
    for name in names():
        say(f"{name:<{width}}  {title(name)}")
