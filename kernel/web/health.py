"""/healthz (the process lives), /readyz (what it stands on answers), /metrics (for Prometheus, from named networks)."""

import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network

from flask import Flask, Response, jsonify, request

from kernel.errors import NotFound, Unavailable
from kernel.telemetry import metrics
from kernel.telemetry.logs import get_logger
from kernel.web.access import public

log = get_logger(__name__)

# A dependency that the process can go on without is reported, and does not make it unready.
Check = Callable[[], None]


def install(app: Flask, *, needed: Mapping[str, Check], helpful: Mapping[str, Check], metrics_from: str) -> None:
    """`needed` dependencies decide readiness; `helpful` ones are only told."""
    networks = [ip_network(text.strip()) for text in metrics_from.split(",") if text.strip()]

    @public("Says only that the process lives.")
    def healthz() -> Response:
        return jsonify(status="ok")

    @public("Says which dependencies answer, and nothing of their addresses.")
    def readyz() -> Response:
        report = {name: _state(name, check) for name, check in {**needed, **helpful}.items()}
        ready = all(report[name]["ok"] for name in needed)
        if not ready:
            raise Unavailable("not ready", data={"checks": report}, retry_after=5)
        return jsonify(status="ready", checks=report)

    @public("Figures without persons; only from the networks in SOKHAM_METRICS_FROM.")
    def metrics_page() -> Response:
        asker = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - an address nobody asks from
        if not any(asker in network for network in networks):
            raise NotFound("metrics")
        return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)
    app.add_url_rule("/metrics", view_func=metrics_page)


def _state(name: str, check: Check) -> dict[str, object]:
    started = time.perf_counter()
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever a dependency raises means that it is away
        log.warning("readiness.failed", dependency=name, error=type(error).__name__)
        return {"ok": False}
    return {"ok": True, "ms": round((time.perf_counter() - started) * 1000, 1)}
