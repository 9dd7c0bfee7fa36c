"""What a reminder says: in one SMS where that can be, in the patient's language, and nobody's name."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from kernel.clock import LOCAL_ZONE
from kernel.messaging.sms import parts
from tenant_app.reminders.public import Composer, Facts


def facts(**other: Any) -> Facts:
    given: dict[str, Any] = {
        "reference": UUID(int=1),
        "to": "0912345678",
        "starts_at": datetime(2026, 11, 22, 9, 0, tzinfo=LOCAL_ZONE),
        "language": "vi",
        "hospital": "BV Hồng Hà",
        "hospital_address": "128 phố Bạch Mai",
        "hospital_phone": "02438001234",
        "hospital_email": "lienhe@hong-ha.example",
        "department": "Khoa Nội tổng hợp",
        **other,
    }
    return Facts(**given)


def test_an_sms_says_where_when_and_whom_to_call() -> None:
    said = Composer().sms(facts())
    assert said.text == (
        "BV Hong Ha nhac lich kham 09:00 ngay 22/11/2026, Khoa Noi tong hop. Neu khong den duoc xin goi 02438001234"
    )
    assert said.to == "+84912345678"


def test_with_accents_only_what_fits_is_said() -> None:
    said = Composer().sms(facts(sms_unaccented=False)).text
    assert "lịch khám" in said
    assert parts(said) == 1


def test_a_long_name_is_not_cut_off() -> None:
    said = Composer().sms(facts(hospital="Bệnh viện " + "Đa khoa " * 14)).text
    assert "Da khoa" in said
    assert "02438001234" in said


@pytest.mark.parametrize(("language", "english"), [("vi", False), ("en", True)])
def test_a_mail_is_vietnamese_with_english_for_whoever_wants_it(language: str, english: bool) -> None:
    said = Composer(preferences_url="https://khach.example/reminders").mail(
        facts(to="a@vidu.example", language=language)
    )
    assert "xin nhắc lịch khám" in said.text
    assert ("reminder of your appointment" in said.text) == english
    assert 'href="https://khach.example/reminders"' in said.html
    assert said.unsubscribe == "https://khach.example/reminders"


def test_what_a_hospital_writes_of_itself_is_no_html() -> None:
    said = Composer().mail(facts(to="a@vidu.example", hospital="BV <b>Hồng</b>"))
    assert "<b>" not in said.html
