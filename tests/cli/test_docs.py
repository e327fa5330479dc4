"""`unpixel docs`: the manual in a terminal."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from blocker.cli import main
from blocker.cli.docs import PAGES


def run(*arguments: str) -> Result:
    """One run of the command line."""
    return CliRunner().invoke(main, ["docs", *arguments])


def test_every_page_is_listed() -> None:
    """The list names each page that is shipped, with its title, for people and for programs."""
    shipped = sorted(page.name.removesuffix(".md") for page in PAGES.iterdir() if page.name.endswith(".md"))
    assert [line.split()[0] for line in run().output.splitlines()] == shipped
    listed = json.loads(run("--json").output)
    assert [page["page"] for page in listed] == shipped
    assert {"page": "modes", "title": "Modes"} in listed


def test_a_page_comes_as_it_is_written() -> None:
    """Where nobody watches, a page is its Markdown, byte for byte."""
    assert run("modes").output == (PAGES / "modes.md").read_text("utf-8")
    assert json.loads(run("modes", "--json").output)["text"] == (PAGES / "modes.md").read_text("utf-8")


def test_a_page_that_is_not_there_is_told() -> None:
    """A wrong name is a usage error that names the pages there are."""
    result = run("nothing")
    assert result.exit_code == 2
    assert "There is no page 'nothing'" in result.output
    assert "modes" in result.output
