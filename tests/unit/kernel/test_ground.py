"""Ids, text, settings, logs, passwords, units of work."""

import io
import json
import logging
import random
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidIdentifier
from kernel.ids import TenantId, new_global_id, new_row_id, parse_tenant_code
from kernel.settings import InvalidSettings, Settings, read
from kernel.telemetry import logs
from kernel.text import canonical, digits, search_key, vietnamese_order


def test_row_ids_are_version_7_and_follow_time() -> None:
    ids = [new_row_id() for _ in range(200)]
    assert {each.version for each in ids} == {7}
    assert len(set(ids)) == 200
    stamps = [each.int >> 80 for each in ids]
    assert stamps == sorted(stamps)
    assert new_global_id().version == 4


@pytest.mark.parametrize("bad", ["", "abc", None, 7, "00000000-0000-0000-0000-00000000000"])
def test_a_tenant_is_never_guessed(bad: object) -> None:
    with pytest.raises(InvalidIdentifier):
        TenantId.parse(bad)


def test_a_tenant_id_is_a_uuid_that_knows_what_it_is() -> None:
    value = new_row_id()
    assert TenantId.parse(str(value)) == value
    assert isinstance(TenantId.parse(value), TenantId)


@pytest.mark.parametrize(("text", "code"), [(" BV-HongHa ", "bv-hongha"), ("abc", "abc")])
def test_tenant_codes_have_one_form(text: str, code: str) -> None:
    assert parse_tenant_code(text) == code


@pytest.mark.parametrize("bad", ["ab", "1abc", "abc-", "a b c", "bệnh-viện", "a" * 51, "a;b"])
def test_other_codes_are_refused(bad: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_tenant_code(bad)


@pytest.mark.parametrize(
    ("name", "key"), [("Nguyễn Thị Đào", "nguyen thi dao"), ("  ĐẶNG   Văn Ứng ", "dang van ung"), ("Y Blŏ", "y blo")]
)
def test_search_keys_leave_out_diacritics(name: str, key: str) -> None:
    assert search_key(name) == key
    assert search_key(unicodedata.normalize("NFD", name)) == key


def test_names_are_sorted_as_in_a_vietnamese_dictionary() -> None:
    """By letters, then by tones; composed or not, in capitals or not. The order is that of Intl.Collator("vi")."""
    letters = [*"aàảãáạ", *"eêoôơuư"]
    names = [
        "An",
        "Ăn",
        "Ân",
        "Bình",
        "Da",
        "Dương",
        "Đa",
        "Đặng",
        "Đỗ",
        "Hoa",
        "Hỏa",
        "Lê",
        "Lể",
        "Lệ",
        "Yến",
        "Yến An",
    ]
    for form in ("NFC", "NFD"):
        for each in (letters, [*names, "Yên Bình"]):
            shown = [unicodedata.normalize(form, name) for name in each]
            assert sorted(random.Random(7).sample(shown, len(shown)), key=vietnamese_order) == shown
    assert vietnamese_order("ĐẶNG THỊ Ơ") == vietnamese_order("Đặng Thị ơ")


@given(st.text())
def test_canonical_text_is_stable(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert canonical(unicodedata.normalize("NFD", text)) == once


def test_digits_of_any_width_are_digits() -> None:
    assert digits("０７９-0 9x0") == "079090"


def test_the_day_is_the_one_in_viet_nam() -> None:
    assert str(local_today(datetime(2026, 11, 20, 17, 30, tzinfo=UTC))) == "2026-11-21"


def test_settings_come_from_the_environment_or_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    settings = read({"SOKHAM_PASSWORD_ROUTE_FILE": str(secret), "SOKHAM_CONNECTION_BUDGET": "7"})
    assert settings.password_route == "s3cret"
    assert settings.connection_budget == 7
    assert settings.sources["SOKHAM_PASSWORD_ROUTE"] == "file"
    assert settings.sources["SOKHAM_CONNECTION_BUDGET"] == "environment"
    assert settings.sources["REDIS_URL"] == "default"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "environ", [{"SOKHAM_CONNECTION_BUDGET": "many"}, {"SOKHAM_SECURE_COOKIES": "perhaps"}, {"REDIS_URL_FILE": "/no"}]
)
def test_a_setting_that_cannot_be_read_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings) as refused:
        read(environ)
    assert next(iter(environ)).removesuffix("_FILE") in str(refused.value)


def test_every_setting_says_what_it_is_for() -> None:
    for declared in Settings.__dataclass_fields__.values():
        if declared.name != "sources":
            assert declared.metadata["about"]


def test_logs_are_json_without_secrets_or_numbers() -> None:
    stream = io.StringIO()
    logs.configure(process="test")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    logs.clear()
    logs.bind(request_id="r-1", tenant=TenantId.parse(new_row_id()))
    logs.get_logger("test").info(
        "event.happened",
        password="hunter2",
        activation_code="ABCD",
        note="CCCD 079090001234 seen",
        nested={"token": "t", "list": ["079090001234"]},
    )
    logs.clear()
    line = json.loads(stream.getvalue())
    assert line["event"] == "event.happened"
    assert line["request_id"] == "r-1"
    assert line["process"] == "test"
    for secret in ("hunter2", "ABCD", "079090001234"):
        assert secret not in stream.getvalue()


def test_what_the_database_tells_of_a_row_is_not_logged() -> None:
    stream = io.StringIO()
    logs.configure(process="test")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    told = (
        'new row violates check constraint "ck_patients_x"\nDETAIL:  Failing row contains (Trần Thị Bí Mật, 12 Lê\n'
        "Lợi, 0901234567).\nCONTEXT:  COPY patients, line 1"
    )
    error = RuntimeError(told)
    error.__cause__ = ValueError(told)
    logs.get_logger("test").error("request.crashed", exc_info=error)
    for secret in ("Bí Mật", "Lợi", "0901234567", "COPY"):
        assert secret not in stream.getvalue()
    assert stream.getvalue().count("ck_patients_x") == 2
    assert "direct cause" in stream.getvalue()


class FakeSession:
    """Counts what a unit of work does to its session."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_args: self.calls.append(name)


def test_a_unit_of_work_rolls_back_unless_told_to_commit() -> None:
    session: Any = FakeSession()
    with UnitOfWork(session):
        pass
    assert session.calls == ["close"]


def test_what_may_be_lost_runs_after_the_commit_and_may_fail() -> None:
    session: Any = FakeSession()
    ran: list[UUID | str] = []

    def fail() -> None:
        raise RuntimeError("lost")

    with UnitOfWork(session) as uow:
        uow.after_commit(fail)
        uow.after_commit(lambda: ran.append("doorbell"))
        assert ran == []
        uow.commit()
    assert ran == ["doorbell"]
    assert session.calls == ["commit", "close"]
    with UnitOfWork(session) as uow:
        uow.after_commit(lambda: ran.append("never"))
    assert ran == ["doorbell"]


def test_the_example_of_settings_names_each_of_them() -> None:
    example = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    for declared in Settings.__dataclass_fields__.values():
        if "variable" in declared.metadata:
            assert f"\n# {declared.metadata['variable']}=" in example
