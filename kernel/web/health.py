"""/healthz (the process lives), /readyz (what it stands on answers), /metrics (for Prometheus, from named networks)."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from flask import Flask, Response, jsonify, request

from kernel.errors import NotFound, Unavailable
from kernel.telemetry import metrics
from kernel.telemetry.logs import get_logger
from kernel.web.access import public

log = get_logger(__name__)

# A dependency that the process can go on without is reported, and does not make it unready.
Check = Callable[[], None]

# Anybody may ask whether the process is ready: a flood of askers must cost the dependencies one question a second.
ANSWER_KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the dependencies said, and when (monotonic seconds)."""

    report: dict[str, dict[str, object]]
    at: float


class Readiness:
    """What the dependencies last said, asked again after a second. Safe to share between threads.

    One thread asks. Others take the answer before, so that a dependency that hangs holds up one thread and not all;
    only before the first answer do they wait for it.
    """

    def __init__(self, checks: Mapping[str, Check], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._answer: _Answer | None = None

    def report(self) -> dict[str, dict[str, object]]:
        """`ok` of each dependency by name, with the milliseconds that it took."""
        known = self._answer
        if known is None:
            with self._asking:
                known = self._ask()
        elif not self._fresh(known) and self._asking.acquire(blocking=False):
            try:
                known = self._ask()
            finally:
                self._asking.release()
        return known.report

    def _ask(self) -> _Answer:
        """Ask, unless another thread just did. Call it while holding `_asking`."""
        known = self._answer
        if known is None or not self._fresh(known):
            report = {name: _state(name, check) for name, check in self._checks.items()}
            known = self._answer = _Answer(report, self._monotonic())
        return known

    def _fresh(self, answer: _Answer) -> bool:
        return self._monotonic() - answer.at < ANSWER_KEPT_SECONDS


def install(app: Flask, *, needed: Mapping[str, Check], helpful: Mapping[str, Check], metrics_from: str) -> None:
    """`needed` dependencies decide readiness; `helpful` ones are only told."""
    readiness = Readiness({**needed, **helpful})
    networks = [ip_network(text.strip()) for text in metrics_from.split(",") if text.strip()]

    @public("Says only that the process lives.")
    def healthz() -> Response:
        return jsonify(status="ok")

    @public("Says which dependencies answer, and nothing of their addresses.")
    def readyz() -> Response:
        report = readiness.report()
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
