"""Doctors' hours for tests."""

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from kernel.clock import local_today
from tenant_app.schedules.public import (
    ExceptionRow,
    NewException,
    NewHours,
    ScheduleRow,
    add_exception,
    add_hours,
)
from tests.support.clinic import Clinic, tomorrow


def hours(
    clinic: Clinic,
    start: str = "08:00",
    end: str = "10:00",
    *,
    weekdays: tuple[int, ...] = tuple(range(7)),
    doctor_id: UUID | None = None,
    **more: Any,
) -> list[ScheduleRow]:
    """The doctor works on these weekdays, in slots of twenty minutes, from last week on."""
    new = NewHours(
        **{
            "doctor_id": doctor_id or clinic.doctor_id,
            "department_id": clinic.department_id,
            "weekdays": weekdays,
            "start_time": time.fromisoformat(start),
            "end_time": time.fromisoformat(end),
            "slot_minutes": 20,
            "valid_from": local_today() - timedelta(days=7),
            **more,
        }
    )
    with clinic.uow() as uow:
        made = add_hours(uow=uow, actor=clinic.admin, new=new)
        uow.commit()
    return made


def away(
    clinic: Clinic,
    first_day: date | None = None,
    *,
    start: str | None = None,
    end: str | None = None,
    doctor_id: UUID | None = None,
    **more: Any,
) -> ExceptionRow:
    """The doctor is on leave tomorrow, or on `first_day`."""
    new = NewException(
        **{
            "doctor_id": doctor_id or clinic.doctor_id,
            "kind": "away",
            "reason": "leave",
            "first_day": first_day or tomorrow(),
            "start_time": time.fromisoformat(start) if start else None,
            "end_time": time.fromisoformat(end) if end else None,
            **more,
        }
    )
    with clinic.uow() as uow:
        made = add_exception(uow=uow, actor=clinic.admin, new=new)
        uow.commit()
    return made
