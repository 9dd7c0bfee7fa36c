"""This machine: Python and packages, the data folder, disk, ports and processes, what earlier installations left."""

import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil
import requests

from kernel.settings import Settings
from manage.data_dir import DataDir
from manage.doctor.finding import Finding, note, ok, unknown, wrong
from manage.embedded.account import STATE_DIRECTORY
from manage.embedded.files import text_of
from manage.os_processes import alive
from manage.supervision.leftovers import find_leftovers

OLDEST_PYTHON: Final = (3, 11)
LOCK_FILE: Final = Path(__file__).parents[2] / "requirements.lock"
# How many of a long list are named.
SHOWN: Final = 5
LITTLE_BYTES: Final = 1024**3
LOW_BYTES: Final = 5 * 1024**3
_WEB: Final = {
    "central": "SOKHAM_CENTRAL_URL",
    "staff": "SOKHAM_STAFF_URL",
    "patient": "SOKHAM_PATIENT_URL",
    "live": "SOKHAM_LIVE_URL",
}
_GIB: Final = 1024**3


def python(lock_file: Path = LOCK_FILE) -> Iterator[Finding]:
    """Python, and the packages as they are locked."""
    running = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield wrong("python", f"Python {running} is too old.", "Install Python 3.11 or newer, and run `make install`.")
    else:
        yield ok("python", f"Python {running}")
    if not lock_file.exists():
        yield unknown("packages", "There is no requirements.lock beside the code.", "Check with `pip check`.")
        return
    locked = _locked(lock_file)
    differing = sorted(name for name, wanted in locked.items() if _installed(name) != wanted)
    if differing:
        shown = ", ".join(
            f"{name} {_installed(name) or 'missing'} (locked: {locked[name]})" for name in differing[:SHOWN]
        )
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        yield wrong("packages", f"Not as locked: {shown}{more}.", "Run `make install`.")
    else:
        yield ok("packages", f"{len(locked)} as locked")


def data_folder(data_dir: DataDir) -> Iterator[Finding]:
    """Whose the data folder and the secrets in it are, and who else can read them."""
    folder = data_dir.path
    if not folder.exists():
        yield note("data folder", f"{folder} does not exist yet.", "`sokham up` makes it.")
        return
    loose: list[str] = []
    for path, mode in _private(data_dir):
        found = path.lstat()
        if found.st_uid != os.geteuid():
            yield wrong(
                "data folder",
                f"{path} belongs to another user (uid {found.st_uid}).",
                f"Run the command as that user, or `chown -R {os.geteuid()} {folder}`.",
            )
        elif stat.S_IMODE(found.st_mode) & ~mode:
            loose.append(f"chmod {mode:04o} {path}")
    if loose:
        yield wrong(
            "data folder", f"Others can read or change {len(loose)} of its files and folders.", " && ".join(loose)
        )
    else:
        yield ok("data folder", f"{folder}, closed to others")


def disk(places: Iterable[Path]) -> Iterator[Finding]:
    """Free space where data are kept; each file system once."""
    seen: set[int] = set()
    for place in places:
        if not place.exists() or (device := place.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(place).free
        said = f"{free / _GIB:.1f} GiB free at {place}"
        if free < LITTLE_BYTES:
            yield wrong("disk", f"{said}: PostgreSQL stops when it is full.", "Free space, or move the data folder.")
        elif free < LOW_BYTES:
            yield note("disk", said, "Free space before it is needed.")
        else:
            yield ok("disk", said)


def processes(data_dir: DataDir, settings: Settings) -> Iterator[Finding]:
    """The processes of `sokham up`, if it runs on this folder, and what answers on the web ports."""
    supervised = _is_locked(data_dir.path / "up.lock")
    environment: Mapping[str, str] = {}
    if supervised:
        for file in sorted(data_dir.run.glob("*.pid")):
            environment = environment or _environment_of(file)
        yield ok("sokham up", f"runs on {data_dir.path}")
        yield from _daemons(data_dir)
    elif data_dir.run.exists() and (left := find_leftovers(data_dir.run)):
        names = ", ".join(sorted(left.values()))
        yield wrong(
            "sokham up",
            f"It does not run, and processes of an earlier run are left: {names}.",
            "`sokham up` ends them.",
        )
    else:
        yield note("sokham up", "It does not run on this folder.", "Start it with `sokham up` (or `make run`).")
    defaults = {
        "central": settings.central_url,
        "staff": settings.staff_url,
        "patient": settings.patient_url,
        "live": settings.live_url,
    }
    urls = {name: environment.get(variable, defaults[name]) for name, variable in _WEB.items()}
    for name, url in urls.items():
        # Live updates may be switched off, or stand behind the staff portal's own address.
        if url and (name != "live" or url != urls["staff"]):
            yield _web(name, url, supervised=supervised)


def abandoned_instances(data_dir: DataDir, state_directory: Path = STATE_DIRECTORY) -> Iterator[Finding]:
    """Server data in the system's state directory that no running server uses and this folder does not own.

    Another data folder that is stopped may own it: that cannot be told from here, so it is a note and no fault.
    """
    instances = state_directory / "instances"
    try:
        homes = sorted(path for path in instances.iterdir() if path.is_dir())
    except OSError:
        return
    own = {text_of(folder / "instance").strip() for folder in (data_dir.postgres, data_dir.redis)}
    working = _folders_at_work()
    idle = [home for home in homes if home.name not in own and not any(_within(cwd, home) for cwd in working)]
    if idle:
        yield note(
            "abandoned instances",
            f"{len(idle)} server folders in {instances} belong to no running server:"
            f" {', '.join(home.name for home in idle[:SHOWN])}{' …' if len(idle) > SHOWN else ''}",
            "If no data folder has this name in postgres/instance or redis/instance, remove the folder.",
        )
    elif homes:
        yield ok("abandoned instances", f"none in {instances}")


def _locked(lock_file: Path) -> dict[str, str]:
    """Name → version, of the lines that hold for every platform."""
    found = {}
    for line in lock_file.read_text(encoding="utf-8").splitlines():
        requirement = line.split("\\", 1)[0].strip()
        if "==" in requirement and ";" not in requirement and not requirement.startswith(("#", "--")):
            name, _, wanted = requirement.partition("==")
            found[name.partition("[")[0].strip()] = wanted.strip()
    return found


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _private(data_dir: DataDir) -> Iterator[tuple[Path, int]]:
    folders = (data_dir.path, data_dir.secrets, data_dir.keys, data_dir.files, data_dir.mail, data_dir.logs)
    for folder in (*folders, data_dir.run, data_dir.postgres, data_dir.redis):
        if folder.exists():
            # The servers' folders are passed through by the account that they run under.
            yield folder, 0o711 if folder in (data_dir.postgres, data_dir.redis) else 0o700
    for folder in (data_dir.secrets, data_dir.keys):
        if folder.is_dir():
            yield from ((path, 0o600) for path in sorted(folder.iterdir()))
    for secret in (data_dir.postgres / "superuser.password", data_dir.redis / "password"):
        if secret.exists():
            yield secret, 0o600


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("r", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _environment_of(pid_file: Path) -> Mapping[str, str]:
    """What a supervised process was told. Only addresses are taken from it."""
    for process, name in find_leftovers(pid_file.parent).items():
        if name == pid_file.stem:
            try:
                told = process.environ()
            except psutil.Error:
                return {}
            return {variable: told[variable] for variable in _WEB.values() if variable in told}
    return {}


def _daemons(data_dir: DataDir) -> Iterator[Finding]:
    living = set(find_leftovers(data_dir.run).values())
    for file in sorted(data_dir.run.glob("*.pid")):
        if file.stem not in living:
            yield wrong(
                f"process {file.stem}",
                "It does not run; the supervisor tries to start it again.",
                f"See why in {data_dir.logs / f'{file.stem}.log'}.",
            )
    if not living:
        yield wrong("processes", "None runs.", f"See {data_dir.logs}.")


def _web(name: str, url: str, *, supervised: bool) -> Finding:
    check = f"{name} at {url}"
    try:
        answer = requests.get(f"{url}/readyz", timeout=3, allow_redirects=False)
        body = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    except requests.ConnectionError:
        if supervised:
            return wrong(check, "Nothing answers there.", "See the log of the process; `sokham up` restarts it.")
        return note(check, "Nothing listens there.", "")
    except (requests.RequestException, ValueError):
        return wrong(check, "It does not answer in time.", "See the log of the process.")
    if answer.status_code == 200 and isinstance(body, dict) and body.get("status") == "ready":
        away = [part for part, state in body.get("checks", {}).items() if not state.get("ok")]
        if away:
            return wrong(check, f"It works, and does without {', '.join(away)}.", "See the checks of those parts.")
        return ok(check, "ready")
    if isinstance(body, dict) and body.get("code") == "unavailable":
        return wrong(check, "It lives and is not ready.", "See the checks of PostgreSQL and the keys.")
    return wrong(
        check,
        "Another program listens on this port.",
        "Stop that program, or choose other ports with `sokham up --port-base N`.",
    )


def _folders_at_work() -> set[str]:
    found = set()
    for process in psutil.process_iter():
        try:
            if process.name() in {"postgres", "redis-server", "valkey-server"} and alive(process):
                found.add(process.cwd())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _within(folder: str, home: Path) -> bool:
    return Path(folder).is_relative_to(home)
