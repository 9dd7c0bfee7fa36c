"""Bodies and answers about staff and departments."""

import marshmallow as ma

from tenant_app.schemas import Body, Listed, page_answer
from tenant_app.staff.models import ROLES, USER_STATUSES


class DepartmentBody(Body):
    """A new department."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    description = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=2000))


class DepartmentAnswer(ma.Schema):
    """A department."""

    id = ma.fields.UUID()
    code = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    status = ma.fields.String()
    position = ma.fields.Integer()
    version = ma.fields.Integer()


class DepartmentChangeBody(Body):
    """What is to be changed; the code stays."""

    name = ma.fields.String(validate=ma.validate.Length(1, 255))
    description = ma.fields.String(allow_none=True, validate=ma.validate.Length(max=2000))


class OrderBody(Body):
    """Every department once, in the order in which lists show them."""

    ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(max=500))


class HangingAnswer(ma.Schema):
    """What keeps a department from being closed."""

    staff = ma.fields.Integer()
    appointments = ma.fields.Integer()
    waiting = ma.fields.Integer()
    schedules = ma.fields.Integer()


class UserBody(Body):
    """A new member of staff."""

    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    email = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    full_name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    department_id = ma.fields.UUID(load_default=None, allow_none=True)
    phone = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=30))


class UserAnswer(ma.Schema):
    """A member of staff."""

    id = ma.fields.UUID()
    username = ma.fields.String()
    email = ma.fields.String()
    full_name = ma.fields.String()
    role = ma.fields.String()
    status = ma.fields.String()
    phone = ma.fields.String(allow_none=True)
    department_id = ma.fields.UUID(allow_none=True)
    department_name = ma.fields.String(allow_none=True)
    last_login_at = ma.fields.AwareDateTime(allow_none=True)
    created_at = ma.fields.AwareDateTime()


class RoleNameAnswer(ma.Schema):
    """A role by name."""

    id = ma.fields.UUID()
    name = ma.fields.String()


class MemberAnswer(UserAnswer):
    """A member of staff with all their roles."""

    roles = ma.fields.List(ma.fields.Nested(RoleNameAnswer))


class MemberChangeBody(Body):
    """What is to change about a member of staff; what is not named stays. `role_ids`: the roles beside the main one."""

    full_name = ma.fields.String(validate=ma.validate.Length(1, 255))
    email = ma.fields.String(validate=ma.validate.Length(1, 255))
    phone = ma.fields.String(allow_none=True, validate=ma.validate.Length(max=30))
    department_id = ma.fields.UUID(allow_none=True)
    role = ma.fields.String(validate=ma.validate.OneOf(ROLES))
    role_ids = ma.fields.List(ma.fields.UUID(), validate=ma.validate.Length(max=50))


class ResetFactorBody(Body):
    """Why a second factor is taken away."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(max=500))


class InviteAnswer(ma.Schema):
    """An invite; the token is shown this once."""

    token = ma.fields.String()
    expires_at = ma.fields.AwareDateTime()


class InvitedAnswer(UserAnswer):
    """A new member of staff, with their invite."""

    invite = ma.fields.Nested(InviteAnswer)


class UsersAsked(Listed):
    """Which staff."""

    role = ma.fields.String(load_default=None, validate=ma.validate.OneOf(ROLES))
    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(USER_STATUSES))
    department_id = ma.fields.UUID(load_default=None)


class MeAnswer(ma.Schema):
    """Who is signed in. `departments` are those that they see; null for the whole hospital."""

    id = ma.fields.UUID()
    full_name = ma.fields.String()
    role = ma.fields.String()
    permissions = ma.fields.List(ma.fields.String())
    department_id = ma.fields.UUID(allow_none=True)
    departments = ma.fields.List(ma.fields.UUID(), allow_none=True)
    tenant_code = ma.fields.String()
    hospital_name = ma.fields.String()


DepartmentsAnswer = page_answer("Departments", DepartmentAnswer)
UsersAnswer = page_answer("Users", UserAnswer)
