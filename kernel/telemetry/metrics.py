"""Prometheus metrics. Names begin with `sokham_`; a label never holds a person, and a tenant only by its code."""

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["CONTENT_TYPE", "Counter", "Gauge", "Histogram", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUESTS = Counter("sokham_http_requests", "Requests answered", ["portal", "method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "sokham_http_request_seconds",
    "Time to answer",
    ["portal", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def exposition(environ: Mapping[str, str] = os.environ) -> bytes:
    """The text that Prometheus reads: of all workers where a multiprocess directory is set, else of this process."""
    if "PROMETHEUS_MULTIPROC_DIR" not in environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    return generate_latest(registry)
