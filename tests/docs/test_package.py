"""The built wheel holds everything the installed product needs, and nothing of the tests."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths inside a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        wheel = folder / build_wheel(str(folder))
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def data_files(package: str) -> set[str]:
    """Every file of a package that is not left over by running it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_both_packages_travel_whole(names: set[str]) -> None:
    """Code, rules, migrations, templates and style sheets: every file of blocker and webui is in the wheel."""
    assert data_files("blocker") | data_files("webui") <= names


def test_the_demonstration_mail_travels(names: set[str]) -> None:
    """The messages of fixtures/demo are in the wheel under blocker/demo_mail, all of them."""
    here = {
        path.relative_to(ROOT / "fixtures/demo").as_posix()
        for path in (ROOT / "fixtures/demo").rglob("*.eml")
    }
    there = {
        name.removeprefix("blocker/demo_mail/") for name in names if name.startswith("blocker/demo_mail/")
    }
    assert len(here) >= 20
    assert here <= there


def test_nothing_else_is_installed(names: set[str]) -> None:
    """The wheel adds two packages to an environment, not a package called tests or fixtures."""
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"blocker", "webui"}


def test_the_changelog_begins_with_this_version() -> None:
    """What is packed is what the changelog's newest section tells of."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.findall(r"(?m)^## \[(.+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"))[0] == version
