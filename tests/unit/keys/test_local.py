import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import scopes
from keys.errors import KeyRefused, KeyringUnsafe, KeySourceUnavailable
from keys.local import LocalKeyring
from keys.policy import EVERYTHING, PROCESSES, KeyPolicy
from tests.unit.keys.doubles import A

N = 2**10  # Cheap scrypt: what it costs is not under test.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


def stored(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_a_new_keyring_is_for_its_owner_only_and_leaves_nothing_beside_it(path: Path) -> None:
    old = os.umask(0)
    try:
        LocalKeyring.create(path)
    finally:
        os.umask(old)

    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.stat().st_nlink == 1
    assert list(path.parent.iterdir()) == [path]
    assert set(stored(path)["keks"]) == scopes.ALL


def test_a_keyring_is_never_overwritten(path: Path) -> None:
    LocalKeyring.create(path)
    before = path.read_bytes()

    with pytest.raises(FileExistsError):
        LocalKeyring.create(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o660, 0o700, 0o644])
def test_a_looser_mode_is_refused_when_opened_and_when_it_comes_later(path: Path, mode: int) -> None:
    keyring = LocalKeyring.create(path)
    path.chmod(mode)

    with pytest.raises(KeyringUnsafe):
        LocalKeyring(path)
    with pytest.raises(KeyringUnsafe):
        keyring.new_data_key(scope=scopes.INDEX, tenant=None)
    path.chmod(0o600)
    keyring.new_data_key(scope=scopes.INDEX, tenant=None)


def test_a_stricter_mode_is_accepted(path: Path) -> None:
    LocalKeyring.create(path)
    path.chmod(0o400)

    LocalKeyring(path).check()


def test_another_owner_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LocalKeyring.create(path)
    someone = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: someone)

    with pytest.raises(KeyringUnsafe):
        LocalKeyring(path)


def test_a_link_and_a_folder_and_a_pipe_are_refused(path: Path, tmp_path: Path) -> None:
    LocalKeyring.create(path)
    link, folder, pipe = tmp_path / "link", tmp_path / "folder", tmp_path / "pipe"
    link.symlink_to(path)
    folder.mkdir()
    os.mkfifo(pipe, 0o600)

    for other in (link, folder, pipe):
        with pytest.raises(KeyringUnsafe):
            LocalKeyring(other)


def test_a_missing_file_is_away(path: Path) -> None:
    with pytest.raises(KeySourceUnavailable):
        LocalKeyring(path)
    with pytest.raises(KeySourceUnavailable):
        LocalKeyring.create(path / "no" / "such" / "folder")


KEY = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
GOOD: dict[str, Any] = {"format": 1, "kdf": None, "keks": {"index": {"1": KEY}}}
SCRYPT = {"name": "scrypt", "n": N, "r": 8, "p": 1, "salt": "AAAA"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        json.dumps(GOOD | {"format": 2}).encode(),
        json.dumps(GOOD | {"keks": {"index": {"1": "AAAA"}}}).encode(),
        json.dumps(GOOD | {"keks": {"index": {"1": KEY + "="}}}).encode(),
        json.dumps(GOOD | {"keks": {"index": {"2": KEY}}}).encode(),
        json.dumps(GOOD | {"keks": {"index": {"0": KEY, "1": KEY}}}).encode(),
        json.dumps(GOOD | {"keks": {"index": {}}}).encode(),
        json.dumps(GOOD | {"keks": {"index": 7}}).encode(),
        json.dumps(GOOD | {"kdf": {}}).encode(),
        json.dumps(GOOD | {"kdf": SCRYPT | {"name": "pbkdf2"}}).encode(),
        json.dumps(GOOD | {"kdf": SCRYPT | {"n": 2**40}}).encode(),
        json.dumps(GOOD | {"kdf": SCRYPT | {"p": 1000}}).encode(),
    ],
)
def test_what_is_no_keyring_is_refused(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)

    with pytest.raises(KeyringUnsafe):
        LocalKeyring(path, passphrase="x")


def test_known_answer(path: Path) -> None:
    """The wrap, built from its description with the primitives alone: stored data keys must open for ever."""
    path.touch(0o600)
    path.write_text(json.dumps(GOOD))

    def part(tag: bytes, value: bytes) -> bytes:
        return tag + len(value).to_bytes(4, "big") + value

    associated = part(b"s", b"sokham/wrap/1") + part(b"s", b"index") + part(b"b", A.bytes) + part(b"s", b"1")
    nonce = bytes(range(12))
    blob = nonce + AESGCM(bytes(32)).encrypt(nonce, bytes(range(32)), associated)
    built = f"l1.1.{base64.urlsafe_b64encode(blob).decode().rstrip('=')}"

    assert built == "l1.1.AAECAwQFBgcICQoLiMoxUQT4if7KcVju8Q7QA0R9uomriJnh19L-EJEoEXBPqv8SVRUFYQRY-XaRoIW_"
    assert LocalKeyring(path).unwrap(scope="index", tenant=A, wrapped=built) == bytes(range(32))


def test_with_a_passphrase_the_file_alone_opens_nothing(path: Path) -> None:
    with_it = LocalKeyring.create(path, passphrase="một câu dài", scrypt_n=N)
    made = with_it.new_data_key(scope=scopes.INDEX, tenant=A)

    for passphrase in (None, "", "mot cau dai"):
        with pytest.raises(KeyRefused):
            LocalKeyring(path, passphrase=passphrase)
    again = LocalKeyring(path, passphrase="một câu dài")
    assert again.unwrap(scope=scopes.INDEX, tenant=A, wrapped=made.wrapped) == made.plaintext


def test_with_a_passphrase_keys_cannot_be_exchanged_in_the_file(path: Path) -> None:
    LocalKeyring.create(path, passphrase="x", scrypt_n=N)
    document = stored(path)
    document["keks"]["index"]["1"] = document["keks"]["hospital"]["1"]
    path.write_text(json.dumps(document))

    with pytest.raises(KeyRefused):
        LocalKeyring(path, passphrase="x")


def test_an_empty_passphrase_is_a_passphrase(path: Path) -> None:
    LocalKeyring.create(path, passphrase="", scrypt_n=N)

    assert stored(path)["kdf"] is not None
    with pytest.raises(KeyRefused):
        LocalKeyring(path)


def test_rotation_keeps_what_was_and_the_passphrase(path: Path) -> None:
    keyring = LocalKeyring.create(path, passphrase="x", scrypt_n=N)
    before = stored(path)
    assert keyring.rotate(scope=scopes.INDEX) == 2

    after = stored(path)
    assert after["kdf"] == before["kdf"]
    assert set(after["keks"]["index"]) == {"1", "2"}
    assert {s: v for s, v in after["keks"].items() if s != "index"} == {
        s: v for s, v in before["keks"].items() if s != "index"
    }
    assert after["keks"]["index"]["1"] == before["keks"]["index"]["1"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_scope_that_came_later_is_added(path: Path) -> None:
    keyring = LocalKeyring.create(path, scopes=[scopes.INDEX])
    with pytest.raises(KeyRefused):
        keyring.new_data_key(scope=scopes.HOSPITAL, tenant=A)

    assert keyring.ensure_scopes([scopes.HOSPITAL, scopes.INDEX]) == [scopes.HOSPITAL]
    keyring.new_data_key(scope=scopes.HOSPITAL, tenant=A)
    assert LocalKeyring(path).current_version(scope=scopes.HOSPITAL) == 1


def test_a_write_that_fails_leaves_the_keyring_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = LocalKeyring.create(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(KeySourceUnavailable):
            keyring.rotate(scope=scopes.INDEX)
    assert path.read_bytes() == before
    assert {entry.name for entry in path.parent.iterdir()} == {path.name, path.name + ".lock"}
    assert keyring.rotate(scope=scopes.INDEX) == 2


def test_threads_that_rotate_at_once_lose_no_version(path: Path) -> None:
    LocalKeyring.create(path)
    keyrings = [LocalKeyring(path) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: keyrings[n % 4].rotate(scope=scopes.INDEX), range(20)))
    assert sorted(made) == list(range(2, 22))


_ROTATE = """
import sys
from pathlib import Path
from keys.local import LocalKeyring
for _ in range(10):
    print(LocalKeyring(Path(sys.argv[1])).rotate(scope="index"))
"""


def test_processes_that_rotate_at_once_lose_no_version(path: Path) -> None:
    keyring = LocalKeyring.create(path)
    made = keyring.new_data_key(scope=scopes.INDEX, tenant=A)
    children = [
        subprocess.Popen([sys.executable, "-c", _ROTATE, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    versions = [int(line) for child in children for line in child.communicate(timeout=60)[0].split()]
    assert sorted(versions) == list(range(2, 22))
    assert keyring.current_version(scope=scopes.INDEX) == 21
    assert keyring.unwrap(scope=scopes.INDEX, tenant=A, wrapped=made.wrapped) == made.plaintext


def test_a_policy_names_scopes_that_exist() -> None:
    with pytest.raises(ValueError, match="unknown"):
        KeyPolicy.of(wrap=["registry"])
    assert set(EVERYTHING.grants) == scopes.ALL
    assert all(set(policy.grants) <= scopes.ALL for policy in PROCESSES.values())


def test_it_does_not_show_its_keys(path: Path) -> None:
    keyring = LocalKeyring.create(path, passphrase="passphrase", scrypt_n=N)

    assert repr(keyring) == "<LocalKeyring>"
