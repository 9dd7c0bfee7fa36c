"""Looking through the access log: by who, whom, what, when and from where, in pages, at one's own hospital only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.clock import local_today
from kernel.errors import InvalidFields
from tenant_app.audit.public import LogFilter, bars, log_page, log_rows, record, record_sign_in, seal_state
from tenant_app.patients.public import read
from tests.support.clinic import Clinic

Call = Callable[[str], Callable[..., Any]]


def today(**chosen: Any) -> LogFilter:
    """What happened today."""
    return LogFilter(since=local_today(), until=local_today(), **chosen)


def look(clinic: Clinic, *patients: UUID, role: str = "doctor") -> UUID:
    """Somebody opens these records; their id."""
    actor = clinic.actor(role)
    for patient in patients:
        with clinic.uow() as uow:
            read(uow=uow, actor=actor, patient_id=patient)
            uow.commit()
    return actor.id


def test_rows_are_chosen_by_each_condition_and_named(clinic: Clinic) -> None:
    patient, other = clinic.patient().patient, clinic.patient().patient
    doctor, nurse = look(clinic, patient.id, other.id), look(clinic, patient.id, role="nurse")
    with clinic.uow() as uow:
        record_sign_in(uow=uow, user_id=None, succeeded=False)
        rows = log_page(uow=uow, wanted=today(user_id=doctor)).items
        assert [(row.action, row.patient_name) for row in rows] == [
            ("patient.read", other.full_name),
            ("patient.read", patient.full_name),
        ]
        assert {row.actor_role for row in rows} == {"doctor"}
        about = log_page(uow=uow, wanted=today(patient_id=patient.id)).items
        assert [row.user_id for row in about] == [nurse, doctor, clinic.admin.id]
        failed = log_page(uow=uow, wanted=today(actions=["auth.sign_in_failed"])).items
        assert [row.failed for row in failed] == [True]
        assert log_page(uow=uow, wanted=today(actor_kind="patient")).items == []
        tomorrow = local_today() + timedelta(days=1)
        assert log_page(uow=uow, wanted=LogFilter(since=tomorrow, until=tomorrow)).items == []
        assert sum(bar.count for bar in bars(uow=uow, wanted=today(patient_id=patient.id))) == 3
        assert len(bars(uow=uow, wanted=today())) == 24


def test_addresses_are_chosen_singly_and_by_network(clinic: Clinic) -> None:
    with clinic.hospital.superuser() as connection:
        for address in ("10.0.3.17", "10.0.3.18", "192.168.1.5"):
            connection.execute(
                "INSERT INTO audit_logs (actor_kind, portal, action, resource_type, ip_address)"
                " VALUES ('staff', 'hospital', 'patient.search', 'patient', %s)",
                (address,),
            )
    with clinic.uow() as uow:
        for network, count in (("10.0.3.0/24", 2), ("10.0.3.17/32", 1), ("0.0.0.0/0", 3), ("10.1.0.0/16", 0)):
            assert len(log_page(uow=uow, wanted=today(network=network)).items) == count
        (row,) = log_page(uow=uow, wanted=today(network="192.168.1.5/32")).items
        assert row.ip_address == "192.168.1.5"


def test_pages_follow_one_another_without_gap_or_repeat(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        # All of one transaction have one time, so the id decides.
        for _ in range(7):
            record(uow=uow, actor=clinic.admin, action="patient.search", resource_type="patient")
        uow.commit()
        wanted, seen, cursor = today(actions=["patient.search"]), [], None
        while True:
            page = log_page(uow=uow, wanted=wanted, limit=3, cursor=cursor)
            seen += [row.id for row in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert len(seen) == len(set(seen)) == 7
        assert [row.id for row in log_rows(uow=uow, wanted=wanted, limit=5)] == seen[:5]
        for foreign in ("x", "WyJhIiwiYiJd"):
            with pytest.raises(InvalidFields):
                log_page(uow=uow, wanted=wanted, cursor=foreign)


def test_where_the_seal_stands_is_read_and_its_proof_is_not(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        assert seal_state(uow=uow).seals == 0
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO audit_seals (sequence, first_xid, first_id, last_xid, last_id, row_count, digest, previous,"
            " signature, key_id) SELECT 1, '3', uuidv7(), '3', uuidv7(), 4, 'x', 'y', 's', 'k'"
        )
    with clinic.uow("seal") as uow:
        uow.session.execute(text("INSERT INTO audit_checks (seals, row_count) VALUES (1, 4)"))
        uow.session.execute(
            text("INSERT INTO audit_checks (seals, row_count, broken_sequence, fault) VALUES (0, 0, 1, 'row_changed')")
        )
        uow.commit()
    with clinic.uow() as uow:
        state = seal_state(uow=uow)
        assert (state.seals, state.broken_sequence, state.fault, state.checked_rows) == (1, 1, "row_changed", 0)
        assert state.sealed_up_to is not None
        assert state.checked_at is not None
        assert abs(state.sealed_up_to - state.checked_at) < timedelta(minutes=5)


def test_the_api_lists_to_those_who_may_and_writes_the_look_down(call: Call, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    doctor = look(clinic, patient.id)
    answer = call("admin")("GET", f"/audit-logs?user_id={doctor}")
    assert answer.status_code == 200
    (row,) = answer.get_json()["items"]
    assert (row["action"], row["patient_id"], row["failed"]) == ("patient.read", str(patient.id), False)
    again = call("admin")("GET", "/audit-logs?action=audit.list").get_json()["items"]
    assert [each["changed"] for each in again] == [["since", "until", "user_id"]]
    for role in ("doctor", "receptionist", "cashier"):
        assert call(role)("GET", "/audit-logs").status_code == 403
        assert call(role)("GET", "/audit-logs/seal").status_code == 403
    assert call("other")("GET", f"/audit-logs?patient_id={patient.id}").get_json()["items"] == []
    assert call("other")("GET", f"/audit-logs?user_id={doctor}").get_json()["items"] == []
    assert call("admin")("GET", "/audit-logs/seal").get_json()["seals"] == 0
    impossible = ("since=2026-02-30", "until=9999-12-31", "since=2026-01-02&until=2026-01-01")
    for wrong in (*impossible, "address=x", "actor_kind=robot", "who=1"):
        assert call("admin")("GET", f"/audit-logs?{wrong}").status_code == 422
