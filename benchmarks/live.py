"""Live updates: a change of one hospital until the last of its windows hears of it, a thousand windows being open."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from flask_socketio import SocketIO
from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.ground import SEED, Ground
from benchmarks.harness import Figure, percentile
from benchmarks.live_bare import REDIS
from benchmarks.memory import MEGABYTE
from benchmarks.served import ROOT, serving
from central import roles
from central.auth.public import Visitor, signer_from
from central.router.public import RouteReader
from kernel.redis_client import HelpfulRedis
from manage.embedded.ports import free_port
from tenant_app.auth.service import ISSUER, StaffSessions
from tenant_app.live.public import Change, LiveBus, queue_topic
from tests.support.hospitals import Hospital

HOSPITALS = 16
WINDOWS_OF_A_SESSION = 10
STAFF_URL = "http://127.0.0.1:8001"
CONFIG = "manage.live_config"


def run(bench: Bench) -> Iterator[Figure]:
    """The 99th hundredth of the times to the last window, ours to the bare server's; and what ours weighs then."""
    ground, windows = bench.ground, bench.scale.live_windows
    hospitals = ground.fleet.hospitals[:HOSPITALS]
    bench.report("sessions for the windows")
    topics = [queue_topic(hospital.tenant) for hospital in hospitals]
    cookies = [
        _sessions(ground, hospital, count=-(-windows // HOSPITALS // WINDOWS_OF_A_SESSION)) for hospital in hospitals
    ]
    clients = [
        (at % HOSPITALS, held[at // HOSPITALS % len(held)], topics[at % HOSPITALS])
        for at in range(windows)
        for held in (cookies[at % HOSPITALS],)
    ]
    ports = free_port(), free_port()
    ours_told = {
        **ground.environment("live", port=ports[0], in_central=()),
        "SOKHAM_STAFF_URL": STAFF_URL,
        "SOKHAM_LIVE_CONNECTIONS": str(windows + 50),
        "SOKHAM_CONNECTION_BUDGET": str(HOSPITALS + 8),
    }
    bare_told = {**ours_told, "SOKHAM_BIND": f"127.0.0.1:{ports[1]}", REDIS: ground.redis_url}
    bus = LiveBus(HelpfulRedis(ground.redis()))
    bare_bus = SocketIO(message_queue=ground.redis_url)

    def tell_ours(at: int) -> None:
        bus.publish(hospitals[at].tenant, [Change(kind="queue", places=(topics[at],), version=1)])

    def tell_bare(at: int) -> None:
        bare_bus.emit("changed", {"topic": topics[at], "at": "0-0"}, to=topics[at])

    bench.report(f"{windows} windows at each server")
    with (
        serving("live", ours_told, port=ports[0], log=ground.folder / "live.log", config=CONFIG) as process,
        serving(
            "benchmarks.live_bare:create_app",
            bare_told,
            port=ports[1],
            log=ground.folder / "live-bare.log",
            config=CONFIG,
            more=("--worker-class", "gthread"),
        ),
        _windows(ports[0], clients) as ours_heard,
        _windows(ports[1], clients) as bare_heard,
    ):
        source = random.Random(SEED + 40)

        def side(
            tell: Callable[[int], None], heard: Callable[[int, Callable[[int], None]], float]
        ) -> Callable[[], float]:
            def once() -> float:
                drawn = [source.randrange(HOSPITALS) for _ in range(bench.scale.live_events)]
                return percentile([heard(at, tell) for at in drawn], 0.99)

            return once

        ours, bare = side(tell_ours, ours_heard), side(tell_bare, bare_heard)
        ours()
        bare()
        found = bench.compare("a change to the last window", ours, bare)
        weight = max(each.memory_info().rss for each in psutil.Process(process.pid).children()) / MEGABYTE
    yield found.figure("live.change_to_last_window_p99", bar=2.0, unit="ms")
    yield Figure(name="live.memory_with_windows", value=weight, unit="MB", ours=f"{windows} windows")


def _sessions(ground: Ground, hospital: Hospital, *, count: int) -> list[str]:
    """Page tokens of so many sessions of the hospital's first member of staff."""
    reader = RouteReader(ground.central.parameters(roles.ROUTE))
    try:
        record = reader.signing_key(ISSUER)
        assert record is not None
        signer = signer_from(record, keychain=ground.keychain, store=reader)
    finally:
        reader.close()
    sessions = StaffSessions(signer=signer)
    with hospital.unit_of_work() as uow:
        user = uow.session.execute(
            text("UPDATE users SET status = 'active' WHERE id = (SELECT id FROM users LIMIT 1) RETURNING id, role")
        ).one()
        claims = {"tenant": str(hospital.tenant), "role": user.role}
        nobody = Visitor(ip_address=None, user_agent=None)
        tokens = [
            sessions.start(
                uow=uow, account_id=user.id, tag=hospital.tenant_code, claims=claims, visitor=nobody, mfa_at=None
            )
            for _ in range(count)
        ]
        uow.commit()
    return [each.page_token for each in tokens]


@contextmanager
def _windows(port: int, clients: list[tuple[int, str, str]]) -> Iterator[Callable[[int, Callable[[int], None]], float]]:
    """The windows, connected; gives the seconds from telling a hospital until its last window heard."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live_clients"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        read, write = process.stdout, process.stdin

        def say(line: str, expected: str) -> None:
            write.write(f"{line}\n")
            write.flush()
            answer = read.readline().strip()
            if answer != expected:
                raise RuntimeError(f"the windows ended: {answer!r}")

        def heard(at: int, tell: Callable[[int], None]) -> float:
            say(str(at), "go")
            told = time.monotonic()
            tell(at)
            return float(read.readline()) - told

        try:
            say(json.dumps({"port": port, "origin": STAFF_URL, "clients": clients}), "ready")
            yield heard
        finally:
            write.close()
            process.terminate()
