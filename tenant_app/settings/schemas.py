"""Bodies and answers about settings."""

import marshmallow as ma

from kernel.web.collaborators import collaborator
from tenant_app.schemas import Body
from tenant_app.settings.kinds import Offers


class SettingBody(Body):
    """A new value: a number, true or false, a list of roles or a text, as the setting's type asks for."""

    value = ma.fields.Raw(required=True)


class SettingAnswer(ma.Schema):
    """A setting as it holds now; version 0 is the default. A secret shows when it was set, and never its value."""

    key = ma.fields.String()
    type = ma.fields.String(attribute="setting.kind")
    value = ma.fields.Raw(attribute="shown", allow_none=True)
    default = ma.fields.Raw(attribute="setting.default")
    choices = ma.fields.Function(lambda row: list(collaborator(Offers).of(row.key)))
    lowest = ma.fields.Integer(attribute="setting.lowest")
    highest = ma.fields.Integer(attribute="setting.highest")
    version = ma.fields.Integer()
    updated_at = ma.fields.AwareDateTime(allow_none=True)
    updated_by = ma.fields.String(allow_none=True)


class SettingsAnswer(ma.Schema):
    """All settings; there is one page of them."""

    items = ma.fields.List(ma.fields.Nested(SettingAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)
