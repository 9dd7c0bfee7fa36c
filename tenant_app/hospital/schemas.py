"""Bodies and answers about the hospital itself."""

from typing import Any

import marshmallow as ma

from tenant_app.hospital.rules import LONGEST
from tenant_app.schemas import Body


def _detail(name: str) -> Any:
    return ma.fields.String(allow_none=True, validate=ma.validate.Length(max=LONGEST[name]))


class HospitalBody(Body):
    """What is to be changed of the hospital's details; null takes a detail out."""

    display_name = _detail("display_name")
    address = _detail("address")
    phone = ma.fields.String(allow_none=True, validate=ma.validate.Length(max=40))
    email = _detail("email")
    website = _detail("website")
    license_number = _detail("license_number")
    tax_code = _detail("tax_code")
    # Each weekday's spans as ["07:00", "11:30"]; null: the usual hours again.
    business_hours = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), allow_none=True)


class HospitalAnswer(ma.Schema):
    """What the hospital says of itself."""

    tenant_code = ma.fields.String()
    name = ma.fields.String()
    display_name = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    website = ma.fields.String(allow_none=True)
    license_number = ma.fields.String(allow_none=True)
    tax_code = ma.fields.String(allow_none=True)
    business_hours = ma.fields.Dict(allow_none=True)
    version = ma.fields.Integer()
