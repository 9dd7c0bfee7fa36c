"""Fields that come in, in JSON or in a form: one schema for both, and messages that say how to mend a field."""

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma
from werkzeug.datastructures import MultiDict

from kernel.errors import InvalidFields
from kernel.text import N_

REQUIRED = N_("This is needed.")
TOO_LONG = N_("This is too long.")
NOT_A_NUMBER = N_("Give a whole number.")
NOT_AN_EMAIL = N_("This is not an e-mail address.")
UNKNOWN_CHOICE = N_("Choose one of the list.")

# The annotation is marshmallow's own, which is invariant.
_MESSAGES: dict[str, str | list[Any] | dict[Any, Any]] = {"required": REQUIRED, "null": REQUIRED}


class Body(ma.Schema):
    """What comes in: a field that the schema does not name is refused."""

    class Meta:
        unknown = ma.RAISE


def text(*, longest: int, required: bool = True, shortest: int = 1, **options: Any) -> ma.fields.String:
    """A line of text, without the blanks around it."""
    checks = [ma.validate.Length(max=longest, error=TOO_LONG), *options.pop("checks", ())]
    if shortest:
        checks.append(_not_blank)
    if not required:
        options.setdefault("load_default", None)
        options.setdefault("allow_none", True)
    return ma.fields.String(required=required, validate=checks, error_messages=_MESSAGES, **options)


def choice(values: Iterable[str], **options: Any) -> ma.fields.String:
    """One of a few words."""
    return ma.fields.String(
        validate=ma.validate.OneOf(tuple(values), error=UNKNOWN_CHOICE), error_messages=_MESSAGES, **options
    )


def number(**options: Any) -> ma.fields.Integer:
    """A whole number; what range it may have is the service's to say."""
    return ma.fields.Integer(strict=False, error_messages={**_MESSAGES, "invalid": NOT_A_NUMBER}, **options)


def email(**options: Any) -> ma.fields.Email:
    """An e-mail address."""
    return ma.fields.Email(
        validate=ma.validate.Length(max=255, error=TOO_LONG),
        error_messages={**_MESSAGES, "invalid": NOT_AN_EMAIL},
        **options,
    )


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ma.ValidationError(REQUIRED)


def load(schema: ma.Schema, form: "MultiDict[str, str]", *, partial: bool = False) -> dict[str, Any]:
    """The fields of a posted form, as the same schema reads them from JSON; raises InvalidFields.

    `admin.email` is the field `email` inside `admin`. What was left empty is as if it had not been sent.
    """
    sent: dict[str, Any] = {}
    for name in schema.fields:
        nested = schema.fields[name]
        if isinstance(nested, ma.fields.Nested):
            sent[name] = {
                inner: value for inner in nested.schema.fields if (value := form.get(f"{name}.{inner}", "").strip())
            }
        elif value := form.get(name, "").strip():
            sent[name] = value
    try:
        loaded: dict[str, Any] = schema.load(sent, partial=partial)
    except ma.ValidationError as err:
        raise InvalidFields(errors=flat(err.messages_dict)) from err
    return loaded


def flat(messages: Mapping[str, Any], *, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages by the names of the form's fields: `admin.email`."""
    found: dict[str, list[str]] = {}
    for key, value in messages.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            found.update(flat(value, path=f"{name}."))
        else:
            found[name] = [str(message) for message in value]
    return found
