"""What others watch it with: the dashboard asks for figures that there are, and so does the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from blocker.catalogue import Catalogue
from webui import create_app

DOCS = Path(__file__).resolve().parents[2] / "blocker" / "docs"
TEXT = (DOCS / "grafana.json").read_text("utf-8")
NAME = re.compile(r"\bunpixel_\w+")
LABEL = re.compile(r"(\w+)=~?\"")


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """An object that has these keys and no other."""


class Source(Strict):
    """Where figures come from (Grafana, JSON model: DataSourceRef)."""

    type: str
    uid: str


class Target(Strict):
    """A question (Prometheus's DataQuery)."""

    refId: str
    datasource: Source
    expr: str
    legendFormat: str
    instant: bool = False
    format: str = "time_series"


class Place(Strict):
    """Where a panel stands, of 24 columns (GridPos)."""

    x: int
    y: int
    w: int
    h: int


class Panel(Strict):
    """One figure or chart (Panel)."""

    id: int
    type: str
    title: str
    description: str
    datasource: Source
    gridPos: Place
    targets: list[Target]
    fieldConfig: dict[str, Any]
    options: dict[str, Any]


class Variable(Strict):
    """What a person chooses (VariableModel)."""

    name: str
    label: str
    type: str
    query: str
    datasource: Source | None = None
    refresh: int = 0
    includeAll: bool = False
    multi: bool = False
    allValue: str = ""


class Variables(Strict):
    """What a person may choose."""

    list: tuple[Variable, ...]


class Dashboard(Strict):
    """Grafana's documented JSON model of a dashboard, as far as this one uses it."""

    title: str
    uid: str
    tags: list[str]
    timezone: str
    editable: bool
    schemaVersion: int
    version: int
    refresh: str
    time: dict[str, str]
    annotations: dict[str, Any]
    links: list[Any]
    templating: Variables
    panels: list[Panel]


@pytest.fixture
def figures(filled: Catalogue) -> dict[str, set[str]]:
    """Every metric that /metrics gives, with its labels."""
    filled.request("sweep", "home", {"since": None})
    text = create_app(filled, secret="for tests only", open_metrics=True).test_client().get("/metrics").text
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    } | {"unpixel_under_way": {"account", "step"}}


def test_the_dashboard_is_one() -> None:
    """It has the documented shape, panels that stand beside each other, and no data source of somebody's own."""
    made = msgspec.json.decode(TEXT, type=Dashboard)
    cells = [
        (x, y)
        for panel in made.panels
        for x in range(panel.gridPos.x, panel.gridPos.x + panel.gridPos.w)
        for y in range(panel.gridPos.y, panel.gridPos.y + panel.gridPos.h)
    ]
    assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24
    assert len({panel.id for panel in made.panels}) == len(made.panels)
    chosen = {f"${{{variable.name}}}" for variable in made.templating.list if variable.type == "datasource"}
    assert {panel.datasource.uid for panel in made.panels} == chosen
    assert "http" not in TEXT


def test_it_asks_for_figures_that_there_are(figures: dict[str, set[str]]) -> None:
    """Every metric and label that it names is one of /metrics, and every metric there is shown."""
    asked = [target["expr"] for panel in json.loads(TEXT)["panels"] for target in panel["targets"]]
    assert {name for expr in asked for name in NAME.findall(expr)} == set(figures)
    for expr in asked:
        known = {label for name in NAME.findall(expr) for label in figures[name]}
        assert set(LABEL.findall(expr)) <= known, expr
        assert set(re.findall(r"by \((\w+)\)", expr)) <= known, expr


def test_home_assistant_reads_keys_that_there_are(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Every value of the documented sensors is a number of the answer that they read."""
    page = (DOCS / "watching.md").read_text("utf-8")
    (address,) = re.findall(r"resource: http://127\.0\.0\.1:8400(\S+)", page)
    keys = re.findall(r"value_json\.(\w+)", page)
    answer = stranger.get(address, headers=bearer).get_json()
    assert keys and all(isinstance(answer[key], int | float) for key in keys)
