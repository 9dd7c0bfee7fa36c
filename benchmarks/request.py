"""A staff member reads a patient's record over the API: session, permission, limit, audit, log, metrics, headers."""

import json
import random
from collections.abc import Callable, Iterator

from benchmarks.bare_app import PARAMETERS
from benchmarks.bench import Bench
from benchmarks.ground import SEED, fill_patients
from benchmarks.harness import Figure
from benchmarks.served import ask, load, serving
from manage.embedded.ports import free_port
from tests.support.hospitals import Hospital

PATIENTS = 2_000
PASSWORD = "mật khẩu chỉ để đo 2026"


def run(bench: Bench) -> Iterator[Figure]:
    """Requests per second, ours to the bare route's, under the same gunicorn settings."""
    ground = bench.ground
    hospital = ground.fleet.hospitals[0]
    patients = random.Random(SEED + 30).sample(fill_patients(ground, hospital, count=PATIENTS), PATIENTS)
    ports = free_port(), free_port()
    bare_environment = {
        **ground.environment("bare", port=ports[1], in_central=()),
        PARAMETERS: json.dumps(hospital.parameters("app")),
    }
    bench.report("starting the staff portal and the bare app")
    with (
        serving(
            "staff",
            ground.environment("staff", port=ports[0], in_central=()),
            port=ports[0],
            log=ground.folder / "staff.log",
        ),
        serving("benchmarks.bare_app:create_app", bare_environment, port=ports[1], log=ground.folder / "bare.log"),
    ):
        token = _sign_in(hospital, ports[0])

        def side(port: int, prefix: str, headers: dict[str, str]) -> Callable[[], float]:
            paths = [f"{prefix}/{patient}" for patient in patients]
            return lambda: load(port, paths, headers=headers, seconds=bench.scale.request_seconds).rate

        ours = side(ports[0], "/api/v1/patients", {"Authorization": f"Bearer {token}"})
        bare = side(ports[1], "/patients", {})
        ours()
        bare()
        found = bench.compare("GET /api/v1/patients/{id}", ours, bare)
    yield found.figure("request.read_patient", bar=0.5, unit="1/s", better="higher")


def _sign_in(hospital: Hospital, port: int) -> str:
    """The first member of staff accepts the invite; the access token."""
    status, answer = ask(
        port, "POST", "/api/v1/auth/accept-invite", {"token": hospital.provisioned.invite.token, "password": PASSWORD}
    )
    assert status == 200, answer
    token: str = answer["access_token"]
    return token
