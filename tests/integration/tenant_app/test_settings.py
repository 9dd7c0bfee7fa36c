"""The hospital's settings: read, changed, reset; secrets that nobody reads back; who may do which."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from kernel.errors import InvalidFields, PreconditionFailed
from keys.public import PROCESSES, Keychain, KeyRefused, LocalKeyring, Undecryptable
from tenant_app.audit.models import AuditLog
from tenant_app.settings.public import ACCOUNTS, AccountIncomplete, own_account, reset_setting, values
from tenant_app.settings.service import change_setting
from tests.support.clinic import Clinic
from tests.support.own_settings import OFFERS, TOKEN, own_sms, set_value
from tests.support.waiting import wait_until

Call = Callable[[str], Callable[..., Any]]
SMS = ACCOUNTS["sms"]


def test_settings_are_read_changed_and_reset_over_the_api(call: Call, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, _ = clinics
    admin, other = call("admin"), call("other")
    place = "/settings/unusual.many_hour"
    listed = {item["key"]: item for item in admin("GET", "/settings").get_json()["items"]}
    assert (listed["unusual.many_hour"]["value"], listed["unusual.many_hour"]["version"]) == (30, 0)
    assert admin("PUT", place, {"value": 50}).status_code == 428
    refused = admin("PUT", place, {"value": 5000}, If_Match='"0"')
    assert (refused.status_code, "%(" in refused.text) == (422, False)
    assert refused.get_json()["errors"] == {"unusual.many_hour": ["Phải từ 5 đến 1000."]}
    assert admin("PUT", "/settings/no.such", {"value": 1}, If_Match='"0"').status_code == 404
    changed = admin("PUT", place, {"value": 50}, If_Match='"0"')
    assert (changed.get_json()["value"], changed.headers["ETag"]) == (50, '"1"')
    assert admin("PUT", place, {"value": 60}, If_Match='"0"').status_code == 412
    assert other("GET", place).get_json()["value"] == 30, "each hospital has its own"
    assert call("doctor")("PUT", place, {"value": 50}, If_Match='"1"').status_code == 403
    assert admin("DELETE", place, If_Match='"1"').get_json()["value"] == 30
    with clinic.uow() as uow:
        rows = uow.session.execute(
            select(AuditLog.action, AuditLog.old_values, AuditLog.new_values)
            .where(AuditLog.resource_type == "setting")
            .order_by(AuditLog.created_at)
        ).all()
    key = "unusual.many_hour"
    assert rows == [("settings.change", {key: 30}, {key: 50}), ("settings.reset", {key: 50}, {key: 30})]


def test_two_who_set_at_once_do_not_overwrite_each_other(clinic: Clinic) -> None:
    means: dict[str, Any] = {"keychain": clinic.hospital.keychain, "offers": OFFERS}
    with clinic.uow() as one, clinic.uow() as two:
        change_setting(uow=one, actor=clinic.admin, key="unusual.many_hour", given=40, version=0, **means)
        refused: list[Exception] = []

        def second() -> None:
            try:
                change_setting(uow=two, actor=clinic.admin, key="unusual.many_hour", given=50, version=0, **means)
            except PreconditionFailed as err:
                refused.append(err)

        thread = threading.Thread(target=second)
        thread.start()
        with clinic.hospital.superuser() as connection:
            wait_until(
                lambda: (
                    connection.execute(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        " AND wait_event_type = 'Lock'"
                    ).fetchone()
                    == (1,)
                ),
                seconds=20,
            )
        one.commit()
        thread.join()
        assert len(refused) == 1


def test_a_secret_is_sealed_and_shown_to_nobody(call: Call, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    admin = call("admin")
    place = f"/settings/{SMS.secret}"
    early = admin("PUT", place, {"value": TOKEN}, If_Match='"0"')
    assert (early.status_code, list(early.get_json()["errors"])) == (422, [SMS.secret])
    listed = {item["key"]: item for item in admin("GET", "/settings").get_json()["items"]}
    assert listed[SMS.server]["choices"] == ["viettel", "vnpt"]
    chosen = admin("PUT", f"/settings/{SMS.server}", {"value": "nowhere"}, If_Match='"0"')
    assert chosen.status_code == 422
    for key, value in ((SMS.server, "viettel"), (SMS.sender, "BVHONGHA"), (SMS.secret, TOKEN)):
        answer = admin("PUT", f"/settings/{key}", {"value": value}, If_Match='"0"')
        assert answer.status_code == 200, answer.text
    shown = admin("GET", place)
    assert (shown.get_json()["type"], shown.get_json()["value"], shown.get_json()["version"]) == ("secret", None, 1)
    assert shown.get_json()["updated_by"]
    with clinic.hospital.superuser() as connection:
        kept = connection.execute(
            "SELECT config_value, is_encrypted FROM system_configs WHERE config_key = %s", (SMS.secret,)
        )
        ((sealed, encrypted),) = kept.fetchall()
        audited = connection.execute(
            "SELECT audit_logs::text FROM audit_logs WHERE resource_type = 'setting'"
        ).fetchall()
    assert encrypted
    assert sealed.startswith("s1.")
    assert len(audited) == 3
    everything = " ".join(row[0] for row in audited) + admin("GET", "/settings").text + sealed
    assert TOKEN not in everything
    assert own_of(clinic).secret == TOKEN
    assert own_of(other) is None
    for role in ("doctor", "receptionist"):
        assert call(role)("PUT", place, {"value": "x"}, If_Match='"1"').status_code == 403
    assert call("other")("GET", place).get_json()["version"] == 0


def test_a_secret_opens_beside_its_own_server_only(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    for each in clinics:
        own_sms(each)
    with clinic.hospital.superuser() as connection, other.hospital.superuser() as elsewhere:
        wanted = "SELECT config_value FROM system_configs WHERE config_key = %s"
        theirs = elsewhere.execute(wanted, (SMS.secret,)).fetchall()[0]
        ours = connection.execute(wanted, (SMS.secret,)).fetchall()[0]
        put = "UPDATE system_configs SET config_value = %s WHERE config_key = %s"
        connection.execute(put, (theirs[0], SMS.secret))
        with pytest.raises(Undecryptable):
            own_of(clinic)
        connection.execute(put, (ours[0], SMS.secret))
        connection.execute(put, ('"vnpt"', SMS.server))
        with pytest.raises(Undecryptable):
            own_of(clinic)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(put, ("plain", SMS.secret))


def test_whoever_chooses_another_server_enters_its_secret_again(clinic: Clinic) -> None:
    own_sms(clinic)
    set_value(clinic, SMS.server, "vnpt")
    with pytest.raises(AccountIncomplete):
        own_of(clinic)
    with clinic.uow() as uow:
        rows = uow.session.execute(
            select(AuditLog.action, AuditLog.changed).where(AuditLog.resource_type == "setting").order_by(AuditLog.id)
        ).all()
        assert rows[-1] == ("settings.reset", [SMS.secret])
    set_value(clinic, SMS.secret, "another")
    assert own_of(clinic).secret == "another"
    with clinic.uow() as uow:
        reset_setting(uow=uow, actor=clinic.admin, key=SMS.server)
        uow.commit()
        assert values(uow=uow)[SMS.server] == ""
    assert own_of(clinic) is None


def test_the_staff_portal_seals_and_cannot_open_and_no_other_role_sees_the_keys(
    clinic: Clinic, keyring_path: Path
) -> None:
    portal, jobs, portal_anew = (
        Keychain(LocalKeyring(keyring_path, policy=PROCESSES[name])) for name in ("tenant_app", "jobs", "tenant_app")
    )
    set_value(clinic, SMS.server, "viettel")
    set_value(clinic, SMS.sender, "BVHONGHA")
    for value in (TOKEN, "another"):
        with clinic.uow() as uow:
            means: dict[str, Any] = {"keychain": portal, "offers": OFFERS}
            change_setting(uow=uow, actor=clinic.admin, key=SMS.secret, given=value, version=None, **means)
            uow.commit()
        assert own_of(clinic, jobs).secret == value
    with pytest.raises(KeyRefused):
        own_of(clinic, portal_anew)
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO data_keys (dek_id, scope, kek_version, wrapped) VALUES (gen_random_uuid(), 'hospital', 1, 'x')"
        )
        ids = connection.execute("SELECT dek_id, scope FROM data_keys").fetchall()
    assert {scope for _, scope in ids} >= {"messaging", "hospital"}
    with clinic.hospital.connect("seal") as connection:
        for dek_id, scope in ids:
            seen = connection.execute("SELECT scope FROM messaging_data_key(%s)", (dek_id,)).fetchall()
            assert seen == ([("messaging",)] if scope == "messaging" else [])
    for purpose in ("portal", "sync"):
        with clinic.hospital.connect(purpose) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM messaging_settings()")
    with clinic.hospital.connect("portal") as connection:
        assert connection.execute("SELECT count(*) FROM data_keys WHERE scope = 'messaging'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (SMS.sender, "Bệnh viện"),
        (SMS.sender, "1900"),
        (SMS.sender, "MOTTENDAIQUA"),
        (SMS.secret, "two\nlines"),
        (SMS.secret, ""),
        (SMS.secret, 5),
        (ACCOUNTS["mail"].sender, "not an address"),
        (ACCOUNTS["mail"].user, "hai chu"),
    ],
)
def test_what_an_account_does_not_take(clinic: Clinic, key: str, value: object) -> None:
    set_value(clinic, SMS.server, "viettel")
    with pytest.raises(InvalidFields) as refused:
        set_value(clinic, key, value)
    assert list(refused.value.errors) == [key]
    assert TOKEN not in str(refused.value)


def own_of(clinic: Clinic, keychain: Keychain | None = None) -> Any:
    """The account as the jobs read it."""
    held = clinic.hospital.keychain if keychain is None else keychain
    with clinic.uow("seal") as uow:
        return own_account(uow=uow, keychain=held, channel="sms")
