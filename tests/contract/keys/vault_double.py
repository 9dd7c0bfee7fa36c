"""A double of Vault's HTTP API: Transit with derived keys, AppRole, tokens and policies, on loopback.

It follows https://developer.hashicorp.com/vault/api-docs/secret/transit and .../auth/token, with the status codes and
messages of Vault 1.15: wrong context or changed ciphertext 400, unknown token or missing capability 403, sealed 503. It
is a real HTTP server with real cryptography, so that the client's every layer is at work. Run against a real server by
setting VAULT_ADDR and VAULT_TOKEN.
"""

import base64
import binascii
import json
import os
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Json = dict[str, Any]
Acl = dict[str, frozenset[str]]

_DEFAULT_POLICY: Acl = {
    "auth/token/lookup-self": frozenset({"read"}),
    "auth/token/renew-self": frozenset({"update"}),
}


class Refusal(Exception):
    """An answer with an error status."""

    def __init__(self, status: int, *messages: str) -> None:
        super().__init__(status)
        self.status = status
        self.messages = messages


@dataclass
class Token:
    """A token: absolute ends in seconds of the double's clock (None: no end), and what it may do (None: everything)."""

    ttl: float
    expires_at: float | None
    final_end: float | None
    renewable: bool
    acl: Acl | None


@dataclass
class Role:
    """An AppRole and the tokens it gives."""

    secret_id: str
    policy: str | None
    ttl: float = 3600
    max_ttl: float = 86400
    renewable: bool = True


@dataclass
class VaultDouble:
    """The server's state, and the handles by which a test makes it misbehave."""

    policies: Mapping[str, str] = field(default_factory=dict)
    root_token: str = field(default_factory=lambda: f"hvs.{secrets.token_hex(12)}")
    sealed: bool = False
    # Statuses to answer the next requests with, whatever they ask.
    failures: list[int] = field(default_factory=list)
    # Vault 1.5 and 1.6 answered 500 to a ciphertext that does not authenticate.
    authentication_failure_status: int = 400
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.keys: dict[str, dict[int, bytes]] = {}
        self.roles: dict[str, Role] = {}
        self.tokens = {self.root_token: Token(0, None, None, renewable=False, acl=None)}
        self.requests: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def clock(self) -> float:
        return self.now

    def add_role(self, role: Role) -> str:
        """Register an AppRole; returns its role id."""
        role_id = secrets.token_hex(8)
        self.roles[role_id] = role
        return role_id

    def add_token(self, *, ttl: float, renewable: bool, policy: str | None = None, max_ttl: float = 86400) -> str:
        """Make a token as a role or an operator would."""
        token = f"hvs.{secrets.token_hex(12)}"
        acl = None if policy is None else parse_hcl(self.policies[policy])
        self.tokens[token] = Token(ttl, self.now + ttl, self.now + max_ttl, renewable, acl)
        return token

    def count(self, ending: str) -> int:
        """How many requests had a path with this ending."""
        return sum(path.endswith(ending) for _, path in self.requests)

    # What a request does. The lock is held.

    def answer(self, method: str, path: str, token: str, body: Json) -> tuple[int, Json | None]:
        self.requests.append((method, path))
        if self.failures:
            raise Refusal(self.failures.pop(0), "injected failure")
        if self.sealed:
            raise Refusal(503, "Vault is sealed")
        if path == "auth/approle/login":
            return 200, self._login(body)
        entry = self._authenticated(token)
        self._authorise(entry, method, path)
        if path == "auth/token/lookup-self":
            ttl = 0 if entry.expires_at is None else int(entry.expires_at - self.now)
            return 200, {"data": {"id": token, "ttl": ttl, "renewable": entry.renewable}}
        if path == "auth/token/renew-self":
            return 200, self._renew(token, entry)
        parts = path.split("/")
        match method, parts:
            case "LIST", ["transit", "keys"]:
                if not self.keys:
                    raise Refusal(404)
                return 200, {"data": {"keys": sorted(self.keys)}}
            case "GET", ["transit", "keys", name]:
                if name not in self.keys:
                    raise Refusal(404)
                return 200, self._described(name)
            case "POST", ["transit", "keys", name]:
                if not body.get("derived") or body.get("exportable"):
                    raise Refusal(400, "this double only makes derived keys that stay")
                self.keys.setdefault(name, {1: secrets.token_bytes(32)})
                return 204, None
            case "POST", ["transit", "keys", name, "rotate"]:
                versions = self._versions(name)
                versions[max(versions) + 1] = secrets.token_bytes(32)
                return 200, self._described(name)
            case "POST", ["transit", "datakey", "plaintext", name]:
                plaintext = secrets.token_bytes(int(body.get("bits", 256)) // 8)
                encoded = base64.b64encode(plaintext).decode()
                return 200, {"data": {**self._encrypt(name, body, plaintext), "plaintext": encoded}}
            case "POST", ["transit", "decrypt", name]:
                return 200, {"data": {"plaintext": base64.b64encode(self._decrypt(name, body)).decode()}}
            case "POST", ["transit", "rewrap", name]:
                return 200, {"data": self._encrypt(name, body, self._decrypt(name, body))}
        raise Refusal(404, f"no handler for route {path!r}")

    def _login(self, body: Json) -> Json:
        role = self.roles.get(str(body.get("role_id")))
        if role is None or body.get("secret_id") != role.secret_id:
            raise Refusal(400, "invalid role or secret ID")
        token = self.add_token(ttl=role.ttl, renewable=role.renewable, policy=role.policy, max_ttl=role.max_ttl)
        return {"auth": {"client_token": token, "lease_duration": int(role.ttl), "renewable": role.renewable}}

    def _authenticated(self, token: str) -> Token:
        entry = self.tokens.get(token)
        if entry is None or (entry.expires_at is not None and self.now >= entry.expires_at):
            raise Refusal(403, "permission denied")
        return entry

    def _authorise(self, entry: Token, method: str, path: str) -> None:
        if entry.acl is None:
            return
        needed = {"GET": "read", "LIST": "list", "POST": "update"}[method]
        if method == "POST" and re.fullmatch(r"transit/keys/[^/]+", path) and path.split("/")[2] not in self.keys:
            needed = "create"
        if needed not in {**_DEFAULT_POLICY, **entry.acl}.get(path, frozenset()):
            raise Refusal(403, "1 error occurred:\n\t* permission denied\n\n")

    def _renew(self, token: str, entry: Token) -> Json:
        if not entry.renewable or entry.final_end is None:
            raise Refusal(400, "lease is not renewable")
        entry.expires_at = min(self.now + entry.ttl, entry.final_end)
        granted = int(entry.expires_at - self.now)
        return {"auth": {"client_token": token, "lease_duration": granted, "renewable": True}}

    def _described(self, name: str) -> Json:
        versions = self.keys[name]
        return {
            "data": {
                "name": name,
                "type": "aes256-gcm96",
                "derived": True,
                "exportable": False,
                "latest_version": max(versions),
                "min_decryption_version": 1,
                "keys": {str(version): 1_700_000_000 for version in versions},
            }
        }

    def _versions(self, name: str) -> dict[int, bytes]:
        if name not in self.keys:
            raise Refusal(400, "encryption key not found")
        return self.keys[name]

    def _encrypt(self, name: str, body: Json, plaintext: bytes) -> Json:
        versions = self._versions(name)
        version = max(versions)
        nonce = os.urandom(12)
        blob = nonce + AESGCM(_derived(versions[version], body)).encrypt(nonce, plaintext, None)
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(blob).decode()}", "key_version": version}

    def _decrypt(self, name: str, body: Json) -> bytes:
        versions = self._versions(name)
        found = re.fullmatch(r"vault:v(\d+):(.*)", str(body.get("ciphertext", "")))
        if found is None:
            raise Refusal(400, "invalid ciphertext: no prefix")
        version = int(found.group(1))
        if version not in versions:
            raise Refusal(400, "invalid ciphertext: version is too new")
        try:
            blob = base64.b64decode(found.group(2), validate=True)
        except binascii.Error:
            raise Refusal(400, "invalid ciphertext: could not decode base64") from None
        try:
            return AESGCM(_derived(versions[version], body)).decrypt(blob[:12], blob[12:], None)
        except (InvalidTag, ValueError):
            raise Refusal(self.authentication_failure_status, "cipher: message authentication failed") from None


def _derived(key: bytes, body: Json) -> bytes:
    context = body.get("context")
    if not context:
        raise Refusal(400, "missing 'context' for key derivation")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=base64.b64decode(context, validate=True)).derive(key)


def parse_hcl(text: str) -> Acl:
    """The paths and capabilities of a policy, as far as ours go; raises ValueError for anything it does not read."""
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    block = re.compile(r'path "([^"*+]+)" \{\s*capabilities = \[((?:"[a-z]+"(?:, )?)+)\]\s*\}\s*')
    acl: Acl = {}
    position = len(bare) - len(bare.lstrip())
    while position < len(bare):
        found = block.match(bare, position)
        if found is None or found.group(1) in acl:
            raise ValueError(f"not a policy that this double reads, at {bare[position : position + 40]!r}")
        acl[found.group(1)] = frozenset(re.findall(r"[a-z]+", found.group(2)))
        position = found.end()
    return acl


def _handler(vault: VaultDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it a small answer waits 40 ms for the client's acknowledgement.
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body: Json = json.loads(self.rfile.read(length) or b"{}") or {}
            path = self.path.removeprefix("/v1/").split("?")[0].rstrip("/")
            method = "POST" if self.command == "PUT" else self.command
            try:
                with vault.lock:
                    status, answer = vault.answer(method, path, self.headers.get("X-Vault-Token", ""), body)
            except Refusal as refusal:
                status, answer = refusal.status, {"errors": list(refusal.messages)}
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status in {301, 302, 307}:
                self.send_header("Location", vault.url + "/v1/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        # http.server looks methods up by these names.
        do_GET = do_POST = do_PUT = do_LIST = _serve  # noqa: N815 - the names are the library's

        def log_message(self, *_: object) -> None:
            """Say nothing: the test's output is for the test."""

    return Handler
