"""A hospital counts its days and tells central numbers: only what changed, each in one transaction with its event."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kernel.clock import local_today, utc_now
from tenant_app.usage.public import DAYS_BACK, count_days
from tests.support.clinic import Clinic


def counted(clinic: Clinic, *, days_later: int = 0) -> int:
    """Count as the job does; how many days had changed."""
    with clinic.uow("seal") as uow:
        changed = count_days(uow=uow, now=utc_now() + timedelta(days=days_later))
        uow.commit()
    return changed


def told(clinic: Clinic) -> list[tuple[UUID, int, dict[str, Any]]]:
    """What stands in the outbox, the oldest first."""
    with clinic.hospital.superuser() as connection:
        return connection.execute(
            "SELECT aggregate_id, n, payload FROM outbox WHERE aggregate_type = 'usage_day' ORDER BY id"
        ).fetchall()


def test_the_first_time_a_month_is_told_and_then_only_what_changed(clinic: Clinic) -> None:
    clinic.patient()
    assert counted(clinic) == DAYS_BACK
    assert counted(clinic) == 0
    clinic.patient()
    assert counted(clinic) == 1
    *month, again = told(clinic)
    days = [payload["day"] for _, _, payload in month]
    today = local_today()
    assert days == [(today - timedelta(days=back)).isoformat() for back in range(DAYS_BACK - 1, -1, -1)]
    assert (again[0], again[1]) == (month[-1][0], 2), "the same day, a newer version"
    assert (month[-1][2]["new_patients"], again[2]["new_patients"], again[2]["total_patients"]) == (1, 2, 2)
    assert (month[0][2]["total_patients"], month[0][2]["user_accounts"]) == (0, None)
    assert again[2]["user_accounts"] >= 2
    assert again[2]["storage_used_mb"] > 0


def test_a_day_counts_its_own_appointments_and_people_only(clinic: Clinic) -> None:
    clinic.appointment(clinic.patient().patient.id)
    counted(clinic)
    (*_, (_, _, today)) = told(clinic)
    assert (today["total_appointments"], today["active_users"]) == (0, 1), "the administrator registered and booked"
    counted(clinic, days_later=1)
    (*_, (_, _, tomorrow)) = told(clinic)
    assert tomorrow["day"] == (local_today() + timedelta(days=1)).isoformat()
    assert (tomorrow["total_appointments"], tomorrow["new_patients"], tomorrow["total_patients"]) == (1, 0, 1)
    assert tomorrow["active_users"] == 0


def test_what_happened_after_midnight_is_told_of_the_day_before(clinic: Clinic) -> None:
    booked = clinic.appointment(clinic.patient().patient.id).id
    counted(clinic, days_later=1)
    counted(clinic, days_later=2)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET status = 'no_show', no_show_at = now() WHERE id = %s", (booked,))
    assert counted(clinic, days_later=2) == 1
    (*_, (_, version, payload)) = told(clinic)
    assert payload["day"] == (local_today() + timedelta(days=1)).isoformat()
    assert (payload["missed_appointments"], version) == (1, 2)
    assert payload["storage_used_mb"] > 0, "what was counted on its day stays"


def test_days_that_nobody_counted_are_made_up_for(clinic: Clinic) -> None:
    counted(clinic)
    assert counted(clinic, days_later=4) == 4


def test_only_numbers_leave_the_hospital(clinic: Clinic) -> None:
    clinic.patient()
    counted(clinic)
    for _, _, payload in told(clinic):
        del payload["day"]
        assert all(value is None or isinstance(value, int) for value in payload.values())


def test_the_other_hospital_counts_its_own(clinics: tuple[Clinic, Clinic]) -> None:
    one, other = clinics
    one.patient()
    counted(one)
    assert told(other) == []
    counted(other)
    assert told(other)[-1][2]["total_patients"] == 0
