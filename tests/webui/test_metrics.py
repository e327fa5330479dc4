"""What monitoring sees: figures that are true, that name nobody, and that strangers do not get."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from blocker.catalogue import Catalogue
from webui import create_app


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by name and labels, read by Prometheus's own parser."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def local(filled: Catalogue) -> FlaskClient:
    """Somebody on the machine that alone can reach the pages."""
    return create_app(filled, secret="for tests only", open_metrics=True).test_client()


def test_the_figures_are_the_catalogues(local: FlaskClient, filled: Catalogue) -> None:
    """Messages by account, action and whether tracked; trackers; open wishes; all as gauges."""
    filled.request("sweep", "home", {"since": None})
    answer = local.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    messages = {labels: value for (name, labels), value in found.items() if name == "unpixel_messages"}
    assert sum(messages.values()) == 5
    assert messages[(("account", "home"), ("action", "replaced"), ("tracked", "true"))] == 1
    assert messages[(("account", "home"), ("action", "left"), ("tracked", "true"))] == 1
    assert found[("unpixel_trackers", ())] == filled.overview(None).blocked
    assert found[("unpixel_commands_open", (("account", "home"),))] == 1
    assert found[("unpixel_last_recorded_seconds", (("account", "home"),))] > 1_700_000_000


def test_no_sender_address_or_subject_is_told(local: FlaskClient) -> None:
    """Labels are accounts, actions, verdicts, steps and the version: nothing that a mail says, nothing without bound."""
    text = local.get("/metrics").text
    labels = {label for _, pairs in samples(text) for label, _ in pairs}
    assert labels <= {"account", "action", "tracked", "step", "version"}
    for secret in ("example.net", "example.org", "Mailchimp", "evil", "Issue"):
        assert secret not in text


def test_strangers_need_a_token(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Where others can reach the pages, /metrics answers a token only; a wrong one is refused."""
    refused = stranger.get("/metrics")
    assert refused.status_code == 401
    assert "unpixel_messages" not in refused.text
    assert stranger.get("/metrics", headers={"Authorization": "Bearer unpixel_wrong"}).status_code == 401
    assert stranger.get("/metrics", headers=bearer).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8400", 200),
        ("127.0.0.1:8400", 200),
        ("[::1]:8400", 200),
        ("localhost", 200),
        ("evil.example:8400", 421),
    ],
)
def test_another_name_for_this_machine_is_a_strangers(local: FlaskClient, host: str, status: int) -> None:
    """A page whose own name resolves to this machine (DNS rebinding) reads no figures."""
    assert local.get("/metrics", headers={"Host": host}).status_code == status


def test_an_open_door_for_metrics_opens_nothing_else(local: FlaskClient) -> None:
    """The API still wants a token, the pages a login."""
    assert local.get("/api/v1/messages?message_id=x").status_code == 401
    assert local.get("/overview").status_code == 303


def test_readiness_is_the_catalogues(app: Flask, stranger: FlaskClient, filled: Catalogue) -> None:
    """/readyz is ok while the catalogue answers and 503 when it does not, while /healthz stays ok; neither says more."""
    assert (stranger.get("/readyz").status_code, stranger.get("/readyz").text) == (200, "ok\n")
    with filled.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE accounts RENAME TO elsewhere")
    broken = stranger.get("/readyz")
    assert (broken.status_code, broken.text) == (503, "the catalogue does not answer\n")
    assert stranger.get("/healthz").status_code == 200
    assert app.extensions["unpixel"].open_metrics is False
