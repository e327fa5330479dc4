"""No two files import each other, directly or through others: each can be read, moved and tested after what it needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("blocker", "webui")

Graph = Mapping[str, frozenset[str]]
"""By a module's name: the modules that it imports."""


def modules() -> dict[str, Path]:
    """Every module of the product by its name; a package goes by its own, and stands for its `__init__`."""
    files = (path for package in OURS for path in (ROOT / package).rglob("*.py"))
    return {_name(path.relative_to(ROOT)): path for path in files}


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str | bytes, known: Mapping[str, object]) -> Iterator[str]:
    """The modules of `known` that a source imports, in a function or for its types too.

    `from package import name` means the module `package.name` where there is one, else the package itself. That a
    module's packages are imported before it does not count: what a package's `__init__` needs, it imports by name.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and (package := node.module or "") in known:
            full = (f"{package}.{alias.name}" for alias in node.names)
            yield from (name if name in known else package for name in full)


def graph() -> Graph:
    """What each module of the product imports of the product."""
    known = modules()
    return {name: frozenset(imported(path.read_bytes(), known)) for name, path in known.items()}


def circle(imports: Graph) -> list[str]:
    """One circle of modules, from a module back to itself; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_is_in_a_circle() -> None:
    """Wherever the import stands: one in a function hides a circle, it does not open it."""
    assert circle(graph()) == []


@pytest.mark.parametrize("imports", ["ab ba", "ab bc ca", "aa", "xa ab ba", "ab bc ad dc cd"])
def test_a_circle_is_found(imports: str) -> None:
    """Of two, of three, of one; with others that lead to it. One import the less, and there is none."""
    pairs = imports.split()
    assert circle(_imports(pairs))
    assert not circle(_imports(pairs[:-1]))


def _imports(pairs: list[str]) -> Graph:
    """Each pair says that the first module imports the second."""
    names = {name for pair in pairs for name in pair}
    return {name: frozenset(pair[1] for pair in pairs if pair[0] == name) for name in names}


def test_every_kind_of_import_counts() -> None:
    """Of a module, of a name in it, of a module out of its package; in a function, and for types alone."""
    source = """
import p.one
from p.two import name
from p import three, other
if TYPE_CHECKING:
    from p.four import Type
def late():
    from p import five
import q
"""
    known = dict.fromkeys(("p", "p.one", "p.two", "p.three", "p.four", "p.five", "p.six"))
    assert sorted(imported(source, known)) == ["p", "p.five", "p.four", "p.one", "p.three", "p.two"]


def test_the_whole_product_is_looked_at() -> None:
    """Every room is in the graph, and rooms are joined as everybody knows."""
    found = graph()
    assert {"blocker", "blocker.cli", "blocker.service.runner", "webui"} <= set(found)
    assert "blocker.service.exchange.steps" in found["blocker.service.exchange.plan"]
