"""The files that are installed hold what they need, and nothing that leads elsewhere."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from blocker.cli import main
from webui.plugins import PLUGINS, package

NAME = re.compile(r"(?:say|getMessage)\(\s*[\"'](\w+)[\"']|data-say=\"(\w+)\"")
MADE_UP = {"keptOne", "keptMany", *(f"trouble_{code}" for code in ("away", "token", "refused", "garbage"))}
"""Names that the code puts together."""
ADDRESS = re.compile(r"https?://[^\s\"'`<>)…]*")


@pytest.fixture(scope="module")
def entries() -> Mapping[str, bytes]:
    """The extension's files."""
    with zipfile.ZipFile(io.BytesIO(package("thunderbird"))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def messages(entries: Mapping[str, bytes], language: str) -> dict[str, dict[str, object]]:
    """The sentences of a language."""
    found: dict[str, dict[str, object]] = json.loads(entries[f"_locales/{language}/messages.json"])
    return found


@pytest.mark.parametrize("name", PLUGINS)
def test_the_same_sources_give_the_same_file(name: str) -> None:
    """Whoever builds it anew can compare."""
    assert package(name) == package(name)


def test_it_is_of_the_product_s_version(entries: Mapping[str, bytes]) -> None:
    """And says what it needs of Thunderbird."""
    manifest = json.loads(entries["manifest.json"])
    assert manifest["version"] == version("unpixel")
    assert manifest["manifest_version"] == 3
    assert manifest["browser_specific_settings"]["gecko"]["strict_min_version"] == "147.0"
    assert not {name for name in entries if "experiment" in name}


def test_every_file_that_is_named_is_there(entries: Mapping[str, bytes]) -> None:
    """Scripts, styles, pages and pictures."""
    sources = [
        content.decode()
        for name, content in entries.items()
        if name.endswith((".js", ".html", "manifest.json"))
    ]
    named = {
        name
        for text in sources
        for name in re.findall(r"[\"\'](?:\./)?([\w-]+\.(?:js|css|html|svg))[\"\']", text)
    }
    assert len(named) > 8
    assert named <= entries.keys()
    assert {name for name in entries if "/" not in name} == named | {"manifest.json"}


def test_every_sentence_is_there_in_each_language(entries: Mapping[str, bytes]) -> None:
    """None is missing, none is left over, and each takes the same values."""
    english, french = messages(entries, "en"), messages(entries, "fr")
    sources = [content.decode() for name, content in entries.items() if name.endswith((".js", ".html"))]
    used = {name for text in sources for found in NAME.findall(text) for name in found if name}
    used |= MADE_UP | {"description", "tagTracked", "tagRemoved"}
    assert english.keys() == french.keys() == used
    for name, said in english.items():
        assert said.get("placeholders") == french[name].get("placeholders"), name


def test_it_names_no_host(entries: Mapping[str, bytes]) -> None:
    """But this machine, as an example."""
    found = {address for content in entries.values() for address in ADDRESS.findall(content.decode())}
    assert found <= {
        "http://127.0.0.1:8400",
        "https://",
        "http://",
        "https://${text}",
        "http://www.w3.org/2000/svg",
    }


def test_the_command_writes_it(tmp_path: Path) -> None:
    """Where it was told to, and says what to do with it."""
    done = CliRunner().invoke(main, ["plugin", "build", "thunderbird", "-o", str(tmp_path / "x.xpi")])
    assert done.exit_code == 0
    assert "Install Add-on From File" in done.output
    assert (tmp_path / "x.xpi").read_bytes() == package("thunderbird")


def test_what_there_is_not_is_a_sentence(tmp_path: Path) -> None:
    """A program without a plug-in, and a place that cannot be written."""
    unknown = CliRunner().invoke(main, ["plugin", "build", "pine"])
    assert (unknown.exit_code, "thunderbird" in unknown.output) == (2, True)
    place = CliRunner().invoke(main, ["plugin", "build", "thunderbird", "-o", str(tmp_path / "none" / "x")])
    assert (place.exit_code, "cannot be written" in place.output) == (1, True)
