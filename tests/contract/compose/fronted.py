"""The proxy of compose.yaml on this machine: its own script and configuration, with only the places exchanged."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from manage.embedded.ports import free_port
from tests.contract.compose.composition import SECRETS, at_default, merged
from tests.contract.compose.production import FRONT, WEB_PORT, Production
from tests.nginx import nginx
from tests.support.waiting import wait_until

# A caller's own address, when a test does not say another.
CALLER = "127.0.0.1"
SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """nginx in front of what runs of a `Production`; `names` are its portals' by their services."""

    folder: Path
    start: Path
    environment: Mapping[str, str]
    names: Mapping[str, str]
    authority: Path
    tls_port: int
    plain_port: int
    health_port: int

    @property
    def log(self) -> Path:
        """What it says, the access log among it."""
        return self.folder / "said"

    def answered(self) -> list[dict[str, Any]]:
        """The lines of the access log."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def checked(self, **environment: str) -> "subprocess.CompletedProcess[str]":
        """The script with `nginx -t`, which tries the configuration and ends; what it tried is in `tried`."""
        script, running = self.start.read_text(encoding="utf-8"), self.folder / "nginx.conf"
        for before in ("> ", "-c "):
            script = script.replace(f"{before}{running}", f"{before}{self.tried}")
        given = {**self.environment, **environment}
        command = ["sh", "-c", script, "start", "-t"]
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=SECONDS, check=False)

    @property
    def tried(self) -> Path:
        """The configuration that was tried last."""
        return self.folder / "tried.conf"

    def reload(self) -> None:
        """What `docker compose kill -s HUP proxy` does."""
        os.kill(int((self.folder / "nginx.pid").read_text(encoding="utf-8")), signal.SIGHUP)

    def connect(self, portal: str, *, caller: str = CALLER) -> ssl.SSLSocket:
        """A connection on which nothing was sent; the certificate is verified for the portal's name."""
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=SECONDS, source_address=(caller, 0))
        try:
            asking = ssl.create_default_context(cafile=str(self.authority))
            return asking.wrap_socket(plain, server_hostname=self.names.get(portal, portal))
        except OSError:
            plain.close()
            raise

    def ask(
        self,
        portal: str,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        caller: str = CALLER,
        **headers: str,
    ) -> "Answer":
        """One request; `Some_Header="…"` becomes Some-Header."""
        connection = HTTPConnection(self.names[portal])
        connection.sock = self.connect(portal, caller=caller)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            return Answer.of(connection.getresponse())
        finally:
            connection.close()

    def ask_plainly(self, host: str, path: str) -> "Answer":
        """One request without TLS. Raises ConnectionResetError where there is no answer."""
        connection = HTTPConnection("127.0.0.1", self.plain_port, timeout=SECONDS)
        try:
            connection.request("GET", path, headers={"Host": host})
            return Answer.of(connection.getresponse())
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; `headers` holds every line of a header, by its name in small letters."""

    status: int
    headers: Mapping[str, list[str]]
    text: str

    @classmethod
    def of(cls, response: HTTPResponse) -> "Answer":
        """Read to its end."""
        headers: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            headers.setdefault(name.lower(), []).append(value)
        return cls(status=response.status, headers=headers, text=response.read().decode())


@contextmanager
def proxy_before(installed: Production) -> Iterator[Proxy]:
    """The proxy, found well by the address that its health check asks; stopped as Compose stops it."""
    program = nginx()
    assert program, "nginx is missing: python -m tests.nginx unpacks it"
    service = merged()["services"]["proxy"]
    written = {variable: at_default(value) for variable, value in service["environment"].items()}
    proxy = Proxy(
        folder=installed.folder / "proxy",
        start=installed.folder / "proxy" / "start",
        environment={**written, "PATH": f"{Path(program).parent}:{os.defpath}"},
        names={
            portal: written[f"SOKHAM_{portal.upper()}_URL"].removeprefix("https://")
            for portal in ("central", "staff", "patient")
        },
        authority=installed.secrets / "tls_authority",
        tls_port=free_port(),
        plain_port=free_port(),
        health_port=free_port(),
    )
    proxy.folder.mkdir()
    _exchange(proxy, installed, dict(each.split(":") for each in service["extra_hosts"]))
    with proxy.log.open("wb") as output:
        process = subprocess.Popen([proxy.start], env=proxy.environment, stdout=output, stderr=subprocess.STDOUT)
    try:

        def well() -> bool:
            assert process.poll() is None, proxy.log.read_text(encoding="utf-8")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", proxy.health_port)) == 0

        wait_until(well, seconds=SECONDS, what="the proxy")
        yield proxy
        process.send_signal(signal.Signals[service["stop_signal"]])
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def _exchange(proxy: Proxy, installed: Production, addresses: Mapping[str, str]) -> None:
    """Copy script and template, with places of this machine."""
    places = {
        "/opt/": f"{proxy.folder}/",
        "/tmp/": f"{proxy.folder}/",  # noqa: S108 - a container's own folder
        SECRETS: f"{installed.secrets}/",
        "listen 8443": f"listen 127.0.0.1:{proxy.tls_port}",
        "listen 8080": f"listen 127.0.0.1:{proxy.plain_port}",
        "listen 127.0.0.1:8081": f"listen 127.0.0.1:{proxy.health_port}",
        f"server central:{WEB_PORT}": f"server 127.0.0.1:{installed.ports['central']}",
        **{
            f"server {name}:{WEB_PORT}": f"server {addresses[name].replace(FRONT, '127.0.0.')}:{installed.ports[name]}"
            for name in ("staff", "patient", "live")
        },
    }
    deployed = installed.folder / "deploy" / "nginx"
    for file in ("start", "nginx.conf.template"):
        text = (deployed / file).read_text(encoding="utf-8")
        for there, here in places.items():
            text = text.replace(there, here)
        if file == "nginx.conf.template" and os.geteuid() == 0:
            # Started by root, nginx hands its work to an account that may not enter a test's folder; in the container
            # all of it runs under one.
            text = f"user root root;\n{text}"
        (proxy.folder / file).write_text(text, encoding="utf-8")
    shutil.copymode(deployed / "start", proxy.start)
