"""Metrics of the service, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # a `_created` series beside each counter would double their number

BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ServiceMetrics:
    """The metrics of one application, in a registry of its own; tests and reloads would share the global."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "enunciate_requests",
            "Requests by route and status.",
            ["route", "status"],
            registry=self._registry,
        )
        self.latency = Histogram(
            "enunciate_request_seconds",
            "Seconds from the first byte of a request to the last byte of its response.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self.queue_depth = Gauge(
            "enunciate_queue_depth", "Clips that are waiting for a worker.", registry=self._registry
        )
        self.audio_seconds = Counter(
            "enunciate_audio_seconds", "Seconds of audio that were assessed.", registry=self._registry
        )
        self.worker_restarts = Counter(
            "enunciate_worker_restarts",
            "Workers that were replaced because they timed out, crashed or failed to load.",
            registry=self._registry,
        )
        self.sheds = Counter(
            "enunciate_sheds", "Requests refused because the service was full.", registry=self._registry
        )

    def text(self) -> bytes:
        """Return all metrics in the form that a scraper reads."""
        return generate_latest(self._registry)
