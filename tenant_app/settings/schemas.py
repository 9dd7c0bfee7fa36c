"""Bodies and answers about settings."""

import marshmallow as ma

from tenant_app.schemas import Body


class SettingBody(Body):
    """A new value: a number, true or false, or a list of roles, as the setting's type asks for."""

    value = ma.fields.Raw(required=True)


class SettingAnswer(ma.Schema):
    """A setting as it holds now; version 0 is the default."""

    key = ma.fields.String()
    type = ma.fields.String(attribute="setting.kind")
    value = ma.fields.Raw()
    default = ma.fields.Raw(attribute="setting.default")
    lowest = ma.fields.Integer(attribute="setting.lowest")
    highest = ma.fields.Integer(attribute="setting.highest")
    version = ma.fields.Integer()
    updated_at = ma.fields.AwareDateTime(allow_none=True)
    updated_by = ma.fields.String(allow_none=True)


class SettingsAnswer(ma.Schema):
    """All settings; there is one page of them."""

    items = ma.fields.List(ma.fields.Nested(SettingAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)
