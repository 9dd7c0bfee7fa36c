"""Bodies and answers about roles and permissions."""

import marshmallow as ma

from tenant_app.reach.rules import DEPARTMENTS, REACHES
from tenant_app.schemas import POSSIBLE_DAY, Body, page_answer

_AT_MOST = ma.validate.Length(max=200)


class RoleBody(Body):
    """A new role of the hospital's own."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    description = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=1000))
    permissions = ma.fields.List(ma.fields.String(), required=True, validate=_AT_MOST)
    mfa_required = ma.fields.Boolean(load_default=False)
    mfa_from = ma.fields.Date(load_default=None, allow_none=True, validate=POSSIBLE_DAY)
    reach = ma.fields.String(load_default=DEPARTMENTS, validate=ma.validate.OneOf(REACHES))


class RoleChangeBody(Body):
    """What is to change about a role; what is not named stays."""

    name = ma.fields.String(validate=ma.validate.Length(1, 100))
    description = ma.fields.String(validate=ma.validate.Length(max=1000))
    permissions = ma.fields.List(ma.fields.String(), validate=_AT_MOST)
    mfa_required = ma.fields.Boolean()
    mfa_from = ma.fields.Date(allow_none=True, validate=POSSIBLE_DAY)
    reach = ma.fields.String(validate=ma.validate.OneOf(REACHES))


class RoleAnswer(ma.Schema):
    """A role; `people` is how many have it, `built_in` that all hospitals do; with `mfa_required` they need a second
    factor, from the day `mfa_from` on (null: since it was said). `reach`: `hospital`, or the `departments` in which
    they work.
    """

    id = ma.fields.UUID()
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    permissions = ma.fields.List(ma.fields.String())
    mfa_required = ma.fields.Boolean()
    mfa_from = ma.fields.Date(allow_none=True)
    reach = ma.fields.String()
    built_in = ma.fields.Boolean()
    people = ma.fields.Integer()


class PermissionAnswer(ma.Schema):
    """Something that a role may permit."""

    name = ma.fields.String()
    description = ma.fields.String()


RolesAnswer = page_answer("Roles", RoleAnswer)
PermissionsAnswer = page_answer("Permissions", PermissionAnswer)
