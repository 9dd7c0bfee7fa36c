"""The statement that recognises staff is built once; the session's row and the clock decide at each request."""

from collections.abc import Callable

from sqlalchemy import text

from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def _status(browser: Browser) -> int:
    return browser.client.get("/today").status_code


def test_each_request_asks_the_row_again(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    nurse, colleague, stranger = sign_in(clinic, "nurse"), sign_in(clinic, "doctor"), sign_in(other, "nurse")
    assert [_status(browser) for browser in (nurse, colleague, stranger)] == [200, 200, 200]
    for column, interval, expected in (
        ("last_seen_at", "-29 minutes", 200),
        ("last_seen_at", "-31 minutes", 303),
        ("last_seen_at", "0 minutes", 200),
        ("expires_at", "-1 second", 303),
        ("expires_at", "1 hour", 200),
        ("ended_at", "0 seconds", 303),
    ):
        with clinic.hospital.superuser() as connection:
            connection.execute(
                f"UPDATE staff_sessions SET {column} = now() + %s::interval WHERE account_id = %s".encode(),  # noqa: S608 - columns are named above.
                (interval, nurse.user_id),
            )
        assert _status(nurse) == expected, (column, interval)
        assert [_status(browser) for browser in (colleague, stranger)] == [200, 200], "others are not touched by it"


def test_who_is_locked_is_out_at_once(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    assert _status(nurse) == 200
    with clinic.uow() as uow:
        uow.session.execute(text("UPDATE users SET status = 'inactive' WHERE id = :id"), {"id": nurse.user_id})
        uow.commit()
    assert _status(nurse) == 303


def test_what_a_page_asks_for_on_its_own_keeps_no_session_alive(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")

    def idle_minutes(headers: dict[str, str]) -> int:
        with clinic.hospital.superuser() as connection:
            connection.execute(
                "UPDATE staff_sessions SET last_seen_at = now() - interval '10 minutes' WHERE account_id = %s",
                (nurse.user_id,),
            )
            assert nurse.client.get("/today", headers=headers).status_code == 200
            found = connection.execute(
                "SELECT extract(epoch FROM now() - last_seen_at)::int / 60 FROM staff_sessions WHERE account_id = %s",
                (nurse.user_id,),
            ).fetchone()
        assert found is not None
        return int(found[0])

    part = {"HX-Request": "true"}
    assert idle_minutes({**part, "By-Itself": "1"}) == 10
    assert idle_minutes(part) == 0, "somebody chose another day"
