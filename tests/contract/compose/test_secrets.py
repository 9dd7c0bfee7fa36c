"""`deploy/make-secrets`: everything that compose.yaml mounts, for nobody else's eyes, and good for a strict reader."""

import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from tests.contract.compose.composition import merged
from tests.contract.compose.production import made_secrets


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of secrets of a fresh copy."""
    folder = tmp_path_factory.mktemp("production")
    made_secrets(folder)
    return folder / "deploy" / "secrets"


def test_every_secret_that_compose_mounts_is_there(secrets: Path) -> None:
    for name, secret in merged()["secrets"].items():
        file = secrets / Path(secret["file"]).name
        assert file.stat().st_size, f"{name} is empty"
        # Compose mounts a file with the rights that it has; containers run under accounts of their own.
        assert stat.S_IMODE(file.stat().st_mode) == 0o644, name
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE((secrets / "authority.key").stat().st_mode) == 0o600
    assert not list(secrets.glob("*.draft"))


def test_no_secret_is_used_twice_and_a_second_run_keeps_them(secrets: Path) -> None:
    passwords = [file.read_bytes() for file in secrets.iterdir() if file.name.startswith(("password_", "cookie_"))]
    assert len(passwords) == len(set(passwords)) >= 13
    assert min(map(len, passwords)) >= 48
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    subprocess.run([secrets.parent / "make-secrets"], check=True, capture_output=True, timeout=120)
    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == before


def test_a_run_that_was_stopped_is_finished_by_the_next(secrets: Path) -> None:
    (secrets / "password_seal").write_text("", encoding="utf-8")
    (secrets / "vault_certificate").unlink()
    subprocess.run([secrets.parent / "make-secrets"], check=True, capture_output=True, timeout=120)
    assert (secrets / "password_seal").stat().st_size >= 48
    shake_hands(secrets, "vault", "vault")


@pytest.mark.parametrize(
    ("file", "host"),
    [
        ("postgres", "postgres-central"),
        ("postgres", "postgres-hospitals"),
        ("pgbouncer", "pgbouncer"),
        ("vault", "vault"),
        ("proxy", "console.example.vn"),
        ("proxy", "staff.example.vn"),
        ("proxy", "so-kham.example.vn"),
    ],
)
def test_a_certificate_is_good_for_its_host_and_for_no_other(secrets: Path, file: str, host: str) -> None:
    shake_hands(secrets, file, host)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(secrets, file, "redis")


def test_the_proxys_certificate_is_for_the_names_in_env(tmp_path: Path) -> None:
    """From where Compose reads them, in the forms that it takes."""
    (tmp_path / ".env").write_text(
        "SOKHAM_CONSOLE_URL=https://quan-tri.example.org\nSOKHAM_STAFF_URL='https://nhan-vien.example.org/'\n"
        'SOKHAM_PATIENT_DOMAINS="bv-mot.example.org bv-hai.example.org"\n',
        encoding="utf-8",
    )
    made_secrets(tmp_path)
    secrets = tmp_path / "deploy" / "secrets"
    for host in ("quan-tri.example.org", "nhan-vien.example.org", "so-kham.example.vn", "bv-hai.example.org"):
        shake_hands(secrets, "proxy", host)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(secrets, "proxy", "console.example.vn")


def shake_hands(secrets: Path, file: str, host: str) -> None:
    """A client that reads certificates strictly (as Python's from 3.13 on) meets a server that shows this one."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(secrets / f"{file}_certificate", secrets / f"{file}_key")
    asking = ssl.create_default_context(cafile=str(secrets / "tls_authority"))
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(theirs, server_side=True):
                pass
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with asking.wrap_socket(ours, server_hostname=host) as connection:
            assert connection.version() == "TLSv1.3"
    finally:
        ours.close()
        server.join(10)
