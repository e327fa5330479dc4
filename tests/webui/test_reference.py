"""The page that describes the API."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.webui.conftest import data_of
from webui.areas.api.openapi import describe
from webui.errors import CODES, TYPE


def test_the_page_describes_everything(client: FlaskClient, app: Flask) -> None:
    """Every operation, object and kind of problem has its place, and every link of the page leads to one."""
    answer = client.get("/api/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    places = re.findall(r' id="([^"]+)"', answer.text)
    assert len(places) == len(set(places))
    document = describe(app)
    operations = {each["operationId"] for item in document["paths"].values() for each in item.values()}
    objects = {f"object-{name}" for name in document["components"]["schemas"]}
    assert operations | objects | set(CODES.values()) <= set(places)
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= set(places)


def test_the_page_is_for_who_is_logged_in(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Nobody else reads it; and a problem's type leads there."""
    assert stranger.get("/api/docs").location == "/login"
    problem = data_of(stranger.get("/api/v1/nowhere", headers=bearer))
    assert problem["type"] == TYPE + "not_found" == "/api/docs#not_found"


def test_the_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    """Only what every page of ours loads."""
    loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', client.get("/api/docs").text)
    assert loaded
    assert all(one.startswith("/static/") for one in loaded)
