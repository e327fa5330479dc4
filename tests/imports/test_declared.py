"""What the product imports, its users get installed."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = {"blocker", "webui"}


def canonical(name: str) -> str:
    """A distribution's name, normalised (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    """The top-level modules that the product imports, without its own and the standard library's."""
    names: set[str] = set()
    for path in (path for package in OURS for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - OURS - set(sys.stdlib_module_names)


def packages(requirements: list[str]) -> set[str]:
    """The names of what is required."""
    return {canonical(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def test_dependencies_are_the_imports() -> None:
    """Every imported package is a declared dependency (not one that happens to be there), and none is declared in vain."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared, extras = packages(project["dependencies"]), set[str]()
    for extra in ("lists", "parquet"):
        extras |= packages(project["optional-dependencies"][extra])
    known = packages_distributions()
    providers = {name: {canonical(d) for d in known.get(name, [name])} for name in imported()}
    missing = {name for name, distributions in providers.items() if not distributions & (declared | extras)}
    used = {distribution for distributions in providers.values() for distribution in distributions}
    assert missing == set()
    assert (declared | extras) - used == set()
