"""What people notice when Redis, central or one hospital is away. Over HTTP, on the portals as they are wired."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from central.router.public import TenantRouter
from kernel.clock import local_today
from keys.public import LocalKeyring
from manage.demo.people import person
from tests.support.clinic import open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.portals import Portals, open_portals
from tests.support.proxy import Proxy, proxy_to
from tests.support.staff_browser import Browser

PASSWORD = "một mật khẩu thật dài"
Pair = tuple[Hospital, Hospital]


@contextmanager
def portals_with(
    central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, folder: Path, redis_url: str, **more: str
) -> Iterator[Portals]:
    """The portals, reaching some of what they stand on through a proxy."""
    with open_portals(
        central=central, keys=keys, keyring_path=keyring_path, redis_url=redis_url, folder=folder, **more
    ) as opened:
        yield opened


def enter(client: FlaskClient, hospital: Hospital) -> dict[str, str]:
    """The bearer header of the hospital's first administrator."""
    token = hospital.provisioned.invite.token
    answer = client.post("/api/v1/auth/accept-invite", json={"token": token, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def sign_in(client: FlaskClient, hospital: Hospital, password: str = PASSWORD) -> Any:
    """The answer to a sign-in."""
    body = {"tenant": hospital.tenant_code, "username": "quantri", "password": password}
    return client.post("/api/v1/auth/login", json=body)


def register(client: FlaskClient, bearer: dict[str, str]) -> Any:
    """The answer to a registration."""
    somebody = person()
    body = {
        "full_name": somebody.full_name,
        "cccd": somebody.cccd,
        "date_of_birth": somebody.date_of_birth.isoformat(),
        "gender": somebody.gender,
    }
    return client.post("/api/v1/patients", json=body, headers=bearer)


def book(client: FlaskClient, bearer: dict[str, str], hospital: Hospital, patient_id: str) -> Any:
    """The answer to a booking of tomorrow."""
    clinic = open_clinic(hospital)
    body = {
        "patient_id": patient_id,
        "doctor_id": str(clinic.doctor_id),
        "department_id": str(clinic.department_id),
        "appointment_date": (local_today() + timedelta(days=1)).isoformat(),
        "start_time": "09:00",
        "end_time": "09:30",
        "appointment_type": "consultation",
    }
    return client.post("/api/v1/appointments", json=body, headers=bearer)


def through(proxy: Proxy, url: str) -> str:
    """The same URL by way of the proxy."""
    head, _, tail = url.rpartition(":")
    database = tail.partition("/")[2]
    return f"{head}:{proxy.port}/{database}"


def test_without_redis_work_goes_on_and_nothing_opens(
    central: CentralDatabase,
    keys: LocalKeyring,
    keyring_path: Path,
    two_hospitals: Pair,
    redis_url: str,
    tmp_path: Path,
) -> None:
    redis = central.servers.redis
    with proxy_to(redis.host, redis.port) as proxy:
        lost = through(proxy, redis_url)
        with portals_with(
            central, keys, keyring_path, tmp_path, lost, SOKHAM_SIGN_IN_PER_MINUTE="6", SOKHAM_RATE_PER_MINUTE="1000"
        ) as portals:
            client = portals.staff.test_client()
            bearer = enter(client, two_hospitals[0])
            clinic = open_clinic(two_hospitals[0])
            browser = Browser(portals.staff.test_client())
            who = {"hospital": two_hospitals[0].tenant_code, "username": "quantri", "password": PASSWORD}
            assert browser.post("/sign-in", **who).status_code == 303
            clinic.number(clinic.born())
            proxy.close()
            for path in ("/today", "/calendar?view=day", "/queue", f"/queue/{clinic.department_id}"):
                assert browser.client.get(path).status_code == 200, path
            called = browser.post(f"/queue/{clinic.department_id}/call-next", room="P.2")
            assert called.status_code == 303
            assert "P.2" in browser.get(called.location)
            patient = register(client, bearer)
            assert patient.status_code == 201
            read = client.get(f"/api/v1/patients/{patient.get_json()['id']}", headers=bearer)
            assert read.status_code == 200
            assert sign_in(client, two_hospitals[0]).status_code == 200
            # Limits are counted on in the process: guesses are refused as before.
            answers = [sign_in(client, two_hospitals[0], "sai mật khẩu rồi") for _ in range(8)]
            assert {each.status_code for each in answers} <= {401, 429}
            assert answers[-1].status_code == 429
            assert int(answers[-1].headers["Retry-After"]) >= 1


def test_without_redis_an_ended_session_stays_ended(
    central: CentralDatabase,
    keys: LocalKeyring,
    keyring_path: Path,
    two_hospitals: Pair,
    redis_url: str,
    tmp_path: Path,
) -> None:
    redis = central.servers.redis
    with proxy_to(redis.host, redis.port) as proxy:
        lost = through(proxy, redis_url)
        with portals_with(central, keys, keyring_path, tmp_path, lost) as portals:
            client = portals.staff.test_client()
            enter(client, two_hospitals[0])
            proxy.close()
            tokens = sign_in(client, two_hospitals[0]).get_json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert client.get("/api/v1/me", headers=bearer).status_code == 200
            ended = client.post("/api/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})
            assert ended.status_code == 204
            assert client.get("/api/v1/me", headers=bearer).status_code == 401


def test_hospitals_register_and_book_on_while_central_is_away(
    central: CentralDatabase,
    keys: LocalKeyring,
    keyring_path: Path,
    two_hospitals: Pair,
    redis_url: str,
    redis: object,
    tmp_path: Path,
) -> None:
    postgres = central.servers.postgres
    with proxy_to(postgres.host, postgres.port) as proxy:
        url = f"postgresql://127.0.0.1:{proxy.port}/{central.name}"
        with portals_with(central, keys, keyring_path, tmp_path, redis_url, DATABASE_URL=url) as portals:
            client = portals.staff.test_client()
            bearer = enter(client, two_hospitals[0])
            proxy.close()
            held: dict[type, Any] = portals.staff.extensions["sokham"]
            held[TenantRouter]._reader.close()
            patient = register(client, bearer)
            assert patient.status_code == 201
            booked = book(client, bearer, two_hospitals[0], patient.get_json()["id"])
            assert booked.status_code == 201
            # It stands in the outbox, and says that it is owed.
            with two_hospitals[0].superuser() as connection:
                owed = connection.execute("SELECT count(*) FROM outbox WHERE state = 'pending'").fetchone()
            assert owed is not None
            assert owed[0] >= 1
            ready = client.get("/readyz")
            assert ready.status_code == 200
            assert ready.get_json()["checks"]["central"]["ok"] is False


def test_one_hospital_away_is_503_there_and_nothing_elsewhere(portals: Portals, two_hospitals: Pair) -> None:
    lost, well = two_hospitals
    client = portals.staff.test_client()
    bearer, other = enter(client, lost), enter(client, well)
    with lost.central.superuser() as admin:
        admin.execute(f'ALTER DATABASE "{lost.database_name}" ALLOW_CONNECTIONS false')
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (lost.database_name,)
        )
        for _ in range(5):
            away = client.get("/api/v1/me", headers=bearer)
            assert away.status_code == 503
            assert int(away.headers["Retry-After"]) >= 1
            assert away.get_json()["code"] == "hospital_unavailable"
            assert client.get("/api/v1/me", headers=other).status_code == 200
        admin.execute(f'ALTER DATABASE "{lost.database_name}" ALLOW_CONNECTIONS true')
