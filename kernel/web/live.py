"""Where a portal's pages find live updates. Pages without them ask by themselves now and then."""

from time import perf_counter, time
from urllib.parse import urlsplit

from flask import Flask, g

# What happened so long before a page was asked for is told once more: clocks of two machines differ.
CLOCKS_DIFFER_SECONDS = 5.0


def address_of(live_url: str, own_url: str) -> str | None:
    """The address to connect to: empty where it is the page's own, None where there are no live updates."""
    if not live_url:
        return None
    live, own = urlsplit(live_url), urlsplit(own_url)
    return "" if (live.scheme, live.netloc) == (own.scheme, own.netloc) else f"{live.scheme}://{live.netloc}"


def connect_source(address: str | None) -> tuple[str, ...]:
    """What the pages' policy must allow besides their own address, for which 'self' holds with websockets too."""
    return (f"ws{address.removeprefix('http')}",) if address else ()


def install(app: Flask, address: str | None) -> None:
    """Give templates `live_address`, and `live_since`: from which place in the stream of changes a page wants all."""

    def since() -> str:
        asked = time() - (perf_counter() - g.get("started", perf_counter()))
        return f"{int((asked - CLOCKS_DIFFER_SECONDS) * 1000)}-0"

    app.jinja_env.globals.update(live_address=address, live_since=since)
