"""Whose word about the caller's address, scheme and host is taken: so many proxies in front, and nobody else."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_ADDRESS: Final = "REMOTE_ADDR"


def trust(app: Application, *, hops: int) -> Application:
    """WSGI that believes the headers of `hops` proxies; the same application where there are none."""
    if not hops:
        return app

    def plain(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        said = environ.get(_ADDRESS, "")
        # What cannot be read says nothing: everybody has the proxy's address then, as without the header.
        environ[_ADDRESS] = address_in(said) or environ["werkzeug.proxy_fix.orig"][_ADDRESS] or ""
        return app(environ, start)

    return ProxyFix(plain, x_for=hops, x_proto=hops, x_host=hops)


def address_in(said: str) -> str | None:
    """`192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` and `[2001:db8::1]:4711` → the address; None for all else."""
    text = said.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An address within a zone (`fe80::1%eth0`) means something on one machine only, and no column takes it.
    return None if "%" in text else str(found)
