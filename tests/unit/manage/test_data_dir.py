"""The data folder: closed to others, secrets made once, one user at a time."""

import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from manage.data_dir import (
    LONGEST_SOCKET_NAME,
    SOCKET_PATH_BYTES,
    DataDir,
    DataDirInUse,
    UnsafeFolder,
    private_folder,
    secret_file,
    socket_directory,
)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_folders_are_closed_to_others_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = DataDir(tmp_path / "data").create()
    finally:
        os.umask(before)
    assert {mode_of(path) for path in (folder.path, *folder.path.iterdir())} == {0o700}
    assert {path.name for path in folder.path.iterdir()} >= {"postgres", "redis", "secrets", "keys", "logs", "run"}


def test_a_folder_that_stands_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    assert mode_of(DataDir(tmp_path / "data").create().path) == 0o700


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = DataDir(Path("data"))
    monkeypatch.chdir("/")
    assert folder.path == tmp_path / "data"


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(UnsafeFolder, match="--data-dir"):
        private_folder(tmp_path)


def test_a_secret_is_made_once_and_closed(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data").create()
    secret = folder.secret("cookie")
    assert folder.secret("cookie") == secret
    assert folder.secret("other") != secret
    assert len(secret) >= 43  # 256 bits in base64.
    assert mode_of(folder.secrets / "cookie") == 0o600
    assert sorted(path.name for path in folder.secrets.iterdir()) == ["cookie", "other"]


def test_many_at_once_read_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: secret_file(tmp_path / "secret"), range(64)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_secret_that_stands_open_is_closed(tmp_path: Path) -> None:
    secret_file(tmp_path / "secret")
    (tmp_path / "secret").chmod(0o644)
    secret_file(tmp_path / "secret")
    assert mode_of(tmp_path / "secret") == 0o600


def test_a_locked_folder_names_who_holds_it(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data").create()
    with folder.lock(), pytest.raises(DataDirInUse, match=rf"process {os.getpid()}.*--data-dir"), folder.lock():
        pytest.fail("two hold one folder")
    with folder.lock():
        assert mode_of(folder.path / "up.lock") == 0o600


def here(folder: Path) -> Path:
    return socket_directory(folder, uid=os.geteuid(), gid=os.getegid())


def test_sockets_stand_in_a_short_private_directory(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    directory = here(deep)
    try:
        assert len(os.fsencode(directory / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES
        assert mode_of(directory) == 0o700
        assert here(deep) == directory
    finally:
        directory.rmdir()


def test_sockets_find_another_place_when_the_temporary_directory_is_too_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 80)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    directory = here(tmp_path)
    directory.rmdir()
    assert not directory.is_relative_to(deep)
    assert len(os.fsencode(directory / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES


def test_a_socket_directory_that_somebody_laid_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = Path(tempfile.mkdtemp()).resolve()
    monkeypatch.setattr(tempfile, "tempdir", str(base))
    try:
        directory = here(tmp_path)
        directory.chmod(0o777)
        with pytest.raises(UnsafeFolder, match="private directory"):
            here(tmp_path)
        directory.rmdir()
        directory.symlink_to(tmp_path)
        with pytest.raises(UnsafeFolder, match="private directory"):
            here(tmp_path)
        directory.unlink()
    finally:
        base.rmdir()
