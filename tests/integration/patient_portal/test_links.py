"""A second hospital: with its own code, for the same person, checked at each call, and ended from either side."""

from manage.demo.people import person
from tests.support.clinic import Clinic
from tests.support.patient_portal import OTHER_PASSWORD, Member, PatientPortal, away


def codes(member: Member) -> list[str]:
    """The hospitals of the session."""
    return [each["tenant_code"] for each in (member("GET", "/me").json or {})["hospitals"]]


def opens(member: Member, clinic: Clinic) -> int:
    """What a call on a hospital answers."""
    return member("GET", f"/hospitals/{clinic.hospital.tenant_code}/doctors").status_code


def link(member: Member, code: str) -> tuple[int, str]:
    answer = member("POST", "/hospitals/link", {"activation_code": code})
    return answer.status_code, (answer.json or {}).get("code", "")


def test_without_a_link_a_patient_does_not_exist_at_the_other_hospital(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    # The person has a record there, with appointments, and even so.
    record = portal.registered(there, member.who)
    there.appointment(record.patient.id)
    assert opens(member, here) == 200
    known = member("GET", f"/hospitals/{there.hospital.tenant_code}/doctors")
    unknown = member("GET", "/hospitals/no-such-hospital/doctors")
    assert (known.status_code, (known.json or {})["code"]) == (404, "not_found")
    assert (known.json or {})["title"] == (unknown.json or {})["title"]
    assert (member("GET", "/appointments").json or {})["items"] == []


def test_a_link_opens_the_other_hospital_and_unlinking_closes_it(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    there.appointment(record.patient.id)
    assert codes(member) == [here.hospital.tenant_code, there.hospital.tenant_code]
    assert opens(member, there) == 200
    items = (member("GET", "/appointments").json or {})["items"]
    assert [each["tenant_code"] for each in items] == [there.hospital.tenant_code]

    path = f"/hospitals/{there.hospital.tenant_code}/unlink"
    assert member("POST", path).status_code == 204
    assert opens(member, there) == 404
    assert member("POST", path).status_code == 404
    assert codes(member) == [here.hospital.tenant_code]
    for clinic in portal.clinics:
        with clinic.hospital.superuser() as connection:
            rows = connection.execute("SELECT end_reason FROM patient_links").fetchall()
            assert rows == [("unlinked",)]
    member.link(there, record=record)
    assert opens(member, there) == 200


def test_whoever_registers_a_stranger_gets_their_own_records_only(portal: PatientPortal) -> None:
    """The reason why an account belongs to the hospital that issued it (architecture, "Portal accounts")."""
    here, there = portal.clinics
    victim = portal.activated(here)
    here.appointment(victim.record.patient.id)
    # A receptionist there registers the stranger's number, takes the code, and makes an account.
    thief = portal.activated(there, victim.who, password=OTHER_PASSWORD)
    assert codes(thief) == [there.hospital.tenant_code]
    assert opens(thief, here) == 404
    assert (thief("GET", "/appointments").json or {})["items"] == []
    # Their own hospital's codes do not open another one, nor does the victim's linking of their hospital.
    assert link(thief, portal.code(there, thief.record)) == (409, "already_linked")
    assert link(thief, f"{here.hospital.tenant_code}.0000-0000-0000") == (401, "invalid_token")
    victim.link(there, record=thief.record)
    assert opens(victim, there) == 200
    assert opens(thief, here) == 404
    assert (thief("GET", "/appointments").json or {})["items"] == []
    # A session knows its own home only, whatever a token's other claims may be.
    assert victim("GET", "/me").status_code == 200


def test_a_code_of_somebody_else_links_nothing_and_counts(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    somebody = portal.registered(there, person())
    code = portal.code(there, somebody)
    for attempt in range(5):
        assert link(member, code) == (401, "invalid_token")
        with there.hospital.superuser() as connection:
            assert connection.execute("SELECT tries FROM portal_invites").fetchone() == (attempt + 1,)
            assert connection.execute("SELECT count(*) FROM patient_links").fetchone() == (0,)
    assert codes(member) == [here.hospital.tenant_code]


def test_what_is_no_code_has_the_same_answer(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    for code in ("?", "no-such-hospital.0000-0000-0000", "bv.short", "..", "x" * 120):
        assert link(member, code) == (401, "invalid_token")
    assert link(member, "")[0] == 422


def test_whatever_fails_is_answered_in_step_and_holds_no_connection(portal: PatientPortal, stepped: list[int]) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    own = portal.code(there, portal.registered(there, member.who))
    wrong = [
        portal.code(there, portal.registered(there, person())),
        f"{there.hospital.tenant_code}.0000-0000-0000",
        "no-such-hospital.0000-0000-0000",
        "?",
    ]
    for failures, code in enumerate(wrong, start=1):
        assert link(member, code) == (401, "invalid_token")
        assert stepped == [0] * failures
    with away(there.hospital):
        assert link(member, own) == (503, "hospital_unavailable")
    assert stepped == [0] * 5
    assert link(member, own)[0] == 200
    assert len(stepped) == 5


def test_without_a_number_at_home_nothing_proves_the_person(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    code = portal.code(there, portal.registered(there, member.who))
    with here.hospital.superuser() as connection:
        connection.execute("UPDATE patient_identifiers SET valid_to = now()")
    assert link(member, code) == (409, "cccd_missing")
    with there.hospital.superuser() as connection:
        assert connection.execute("SELECT used_at, tries FROM portal_invites").fetchone() == (None, 0)


def test_the_other_side_can_end_it_alone(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    there.appointment(record.patient.id)
    with there.hospital.superuser() as connection:
        connection.execute("UPDATE patient_links SET ended_at = now(), end_reason = 'desk'")
    assert opens(member, there) == 404
    answer = member("GET", "/appointments").json or {}
    assert (answer["items"], answer["unavailable"]) == ([], [])


def test_a_record_that_was_closed_there_is_closed_here(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    with there.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET status = 'inactive'")
    assert opens(member, there) == 404
    assert opens(member, here) == 200


def test_a_reset_at_the_linked_hospital_ends_the_link_too(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    other = portal.activated(there, member.who, password=OTHER_PASSWORD)
    member.link(there, record=other.record)
    assert opens(member, there) == 200
    body = {
        "cccd": member.who.cccd,
        "activation_code": portal.code(there, other.record),
        "password": "một mật khẩu mới tinh",
    }
    assert portal.client().post("/api/v1/auth/activate", json=body).status_code == 200
    assert opens(member, there) == 404
    with here.hospital.superuser() as connection:
        assert connection.execute("SELECT end_reason FROM patient_links").fetchall() == [("password_reset",)]


def test_a_linked_account_without_a_password_lets_nobody_in_until_it_is_activated(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    assert portal.sign_in(member.who, tenant=there.hospital.tenant_code).status_code == 401
    body = {
        "cccd": member.who.cccd,
        "activation_code": portal.code(there, record),
        "password": OTHER_PASSWORD,
    }
    assert portal.client().post("/api/v1/auth/activate", json=body).status_code == 200
    # The first password resets nothing.
    assert opens(member, there) == 200


def test_unlinking_works_while_the_other_hospital_is_away(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    with away(there.hospital):
        answer = member("GET", "/appointments")
        assert (answer.status_code, (answer.json or {})["unavailable"]) == (200, [there.hospital.tenant_code])
        assert codes(member) == [here.hospital.tenant_code, there.hospital.tenant_code]
        assert member("GET", f"/hospitals/{there.hospital.tenant_code}/doctors").status_code == 503
        assert opens(member, here) == 200
        assert member("POST", f"/hospitals/{there.hospital.tenant_code}/unlink").status_code == 204
    # Its own row still lives there, and opens nothing without home's.
    assert opens(member, there) == 404


def test_a_linked_session_ends_with_its_own_hospital_only(portal: PatientPortal) -> None:
    """The session's row is at home: its end there closes every hospital."""
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    with here.hospital.superuser() as connection:
        connection.execute("UPDATE patient_sessions SET ended_at = now(), end_reason = 'desk'")
    assert opens(member, there) == 401
