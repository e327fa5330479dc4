"""What a monitoring program asks for: /readyz and Prometheus's /metrics. Counts only; no sender, address or subject."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.counting import counts
from webui.access import Means, Scope, needs, public
from webui.site import catalogue, version

blueprint = Blueprint("metrics", __name__)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format (prometheus.io, Exposition formats)."""


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """Whether the catalogue answers, so that the pages can be shown; says nothing else."""
    try:
        catalogue().accounts()
    except CatalogueError:
        return Response("the catalogue does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/metrics")
@needs(Scope.READ, Means.TOKEN)
def metrics() -> Response:
    """What the catalogue and the journal hold, as gauges: rows may be forgotten, so that counts may fall."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CatalogueCollector(catalogue()))
    return Response(generate_latest(registry), content_type=TEXT)


class CatalogueCollector(Collector):
    """Asks the catalogue anew at each collection."""

    def __init__(self, store: Catalogue) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """The families, each with all its samples. Labels have few values: accounts, actions, verdicts, steps."""
        yield InfoMetricFamily("unpixel", "The program.", value={"version": version()})
        found = counts(self._store)
        messages = GaugeMetricFamily(
            "unpixel_messages", "Messages the catalogue knows.", labels=["account", "action", "tracked"]
        )
        newest = GaugeMetricFamily(
            "unpixel_last_recorded_seconds",
            "When a message was last recorded, since 1970.",
            labels=["account"],
        )
        for each in found.messages:
            tracked = "true" if each.tracked else "false"
            messages.add_metric([each.account, each.action, tracked], each.number)
        for account, moment in found.newest.items():
            newest.add_metric([account], moment)
        yield messages
        yield newest
        yield _family(
            "unpixel_under_way", "Messages the service has begun with.", ("account", "step"), found.under_way
        )
        yield _family(
            "unpixel_commands_open", "Wishes that wait for the service.", ("account",), found.commands
        )
        blocked = GaugeMetricFamily("unpixel_trackers", "Pixels and beacons in the messages known.")
        blocked.add_metric([], found.trackers)
        yield blocked


def _family(
    name: str, text: str, labels: tuple[str, ...], values: dict[tuple[str, ...], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for key, number in values.items():
        family.add_metric(list(key), number)
    return family
