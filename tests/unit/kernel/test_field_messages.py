"""What marshmallow says of fields is said in Vietnamese too, with its numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask

from kernel.settings import Settings
from kernel.web import api
from kernel.web.access import public
from kernel.web.app import Portal, base_app
from kernel.web.field_messages import FILLED, PLAIN, field_message

Say = Callable[[str, str], str]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Says a message in a language."""
    app: Flask = base_app(Portal(name="staff", title="Test", package=tmp_path), Settings(cookie_secret="x" * 32))

    def said(message: str, language: str) -> str:
        with app.test_request_context("/api/v1/x", headers={"Accept-Language": language}):
            return field_message(message)

    return said


def complaint(field: ma.fields.Field[Any], value: object) -> str:
    """What marshmallow says of `value`."""
    schema = ma.Schema.from_dict({"it": field})()
    message: str = schema.validate({"it": value})["it"][0]
    return message


LENGTH, RANGE = ma.validate.Length, ma.validate.Range


@pytest.mark.parametrize(
    ("field", "value", "english", "vietnamese"),
    [
        (ma.fields.String(validate=LENGTH(max=255)), "x" * 256, "maximum length 255", "Quá dài: tối đa 255."),
        (ma.fields.String(validate=LENGTH(min=8)), "x", "minimum length 8", "Quá ngắn: tối thiểu 8."),
        (ma.fields.String(validate=LENGTH(1, 50)), "", "between 1 and 50", "Độ dài phải từ 1 đến 50."),
        (ma.fields.String(validate=LENGTH(equal=6)), "", "must be 6", "Độ dài phải đúng bằng 6."),
        (ma.fields.Integer(validate=RANGE(min=1)), 0, "or equal to 1.", "Phải từ 1 trở lên."),
        (ma.fields.Integer(validate=RANGE(max=9)), 10, "or equal to 9.", "Không được quá 9."),
        (ma.fields.Integer(validate=RANGE(-5, 280)), 900, "equal to 280.", "Phải từ -5 đến 280."),
        (ma.fields.Float(validate=RANGE(min=0.5, min_inclusive=False)), 0.5, "than 0.5.", "Phải lớn hơn 0.5."),
        (ma.fields.Float(validate=RANGE(max=2, max_inclusive=False)), 2, "less than 2.", "Phải nhỏ hơn 2."),
        (
            ma.fields.String(validate=ma.validate.OneOf(("active", "inactive"))),
            "x",
            "one of: active, inactive",
            "Phải là một trong các giá trị: active, inactive.",
        ),
    ],
)
def test_a_number_goes_over_into_the_other_language(
    say: Say, field: ma.fields.Field[Any], value: object, english: str, vietnamese: str
) -> None:
    message = complaint(field, value)
    assert english in message
    assert say(message, "en") == message
    assert say(message, "vi") == vietnamese


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (ma.fields.String(required=True), None),
        (ma.fields.String(), 3),
        (ma.fields.Integer(strict=True), 1.5),
        (ma.fields.Decimal(), "x"),
        (ma.fields.Decimal(), "NaN"),
        (ma.fields.Boolean(), "x"),
        (ma.fields.UUID(), "x"),
        (ma.fields.Date(), "x"),
        (ma.fields.Time(), "x"),
        (ma.fields.AwareDateTime(), "x"),
        (ma.fields.AwareDateTime(), "2026-11-21T09:00:00"),
        (ma.fields.List(ma.fields.String()), "x"),
        (ma.fields.Dict(), "x"),
    ],
)
def test_every_kind_of_field_complains_in_vietnamese(say: Say, field: ma.fields.Field[Any], value: object) -> None:
    message = complaint(field, value)
    assert say(message, "en") == message
    assert say(message, "vi") != message


def test_all_sentences_are_translated(say: Say) -> None:
    numbers = {"min": "1", "max": "2", "equal": "3", "choices": "a, b"}
    for sentence in (*PLAIN, *(sentence % numbers for sentence in FILLED)):
        assert say(sentence, "vi") != sentence
        assert say(sentence, "en") == sentence


def test_what_nobody_translated_stays_as_it_is(say: Say) -> None:
    assert say("A sentence with 100 % of something.", "vi") == "A sentence with 100 % of something."


def test_an_answer_of_the_api_says_it(tmp_path: Path) -> None:
    app = base_app(Portal(name="staff", title="Test", package=tmp_path), Settings(cookie_secret="x" * 32))
    things = api.Blueprint("things", __name__, url_prefix="/api/v1/things")

    @things.route("")
    @public("test")
    @things.arguments(api.PageArguments, location="query")
    def listed(page: dict[str, Any]) -> dict[str, Any]:
        return page

    api.install(app, title="Test").register_blueprint(things)
    answer = app.test_client().get("/api/v1/things?limit=1000", headers={"Accept-Language": "vi"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"limit": [f"Phải từ 1 đến {api.MAX_PAGE}."]}
