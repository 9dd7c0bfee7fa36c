"""What Prometheus reads of live updates. Hospitals by their code, nobody by name."""

from typing import Final

from kernel.telemetry.metrics import Counter, Gauge, Histogram

CONNECTIONS: Final = Gauge(
    "sokham_live_connections", "Browser windows that are connected", ["hospital"], multiprocess_mode="livesum"
)
REFUSED: Final = Counter("sokham_live_refused", "Connections that were not let in", ["reason"])
DROPPED: Final = Counter("sokham_live_dropped", "Connections that were ended by us", ["reason"])
EVENTS: Final = Counter("sokham_live_events", "Changes read from the bus", ["outcome"])
LAG: Final = Histogram(
    "sokham_live_lag_seconds",
    "From a change's entry on the bus until it was handed to the connections",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
BEHIND: Final = Gauge("sokham_live_behind", "1 while the bus cannot be read", multiprocess_mode="livemax")
