"""Bodies and answers about hospitals and operations. No answer has a field for a password, wrapped or not."""

import re

import marshmallow as ma

from central.console import forms
from central.console.forms import Body
from central.registry.models import SUBSCRIPTION_PLANS, TENANT_STATUSES
from kernel.errors import InvalidIdentifier
from kernel.ids import parse_tenant_code
from kernel.text import N_
from kernel.web.api import PageArguments

BAD_CODE = N_("3 to 50 lower-case letters without marks, digits and hyphens, beginning with a letter.")
BAD_DOMAIN = N_("This is not a domain name, such as benhvien.example.vn.")
BAD_USERNAME = N_("Use letters without marks, digits, dots, hyphens and underscores only.")

_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE | re.ASCII)


def _tenant_code(value: str) -> None:
    try:
        parse_tenant_code(value)
    except InvalidIdentifier as err:
        raise ma.ValidationError(BAD_CODE) from err


def _domain(value: str) -> None:
    if value.strip() and not _DOMAIN.fullmatch(value.strip()):
        raise ma.ValidationError(BAD_DOMAIN)


def username_only(value: str) -> None:
    """A user name that can be typed on every keyboard."""
    if value.strip() and not _USERNAME.fullmatch(value.strip()):
        raise ma.ValidationError(BAD_USERNAME)


class FirstStaffBody(Body):
    """The hospital's first administrator, who will be sent the invite."""

    full_name = forms.text(longest=255)
    username = forms.text(longest=100, checks=[username_only])
    email = forms.email(required=True)


class TenantBody(Body):
    """A new hospital."""

    tenant_code = forms.text(longest=50, checks=[_tenant_code])
    name = forms.text(longest=255)
    display_name = forms.text(longest=255, required=False)
    domain = forms.text(longest=253, required=False, checks=[_domain])
    subscription_plan = forms.choice(SUBSCRIPTION_PLANS, load_default="basic")
    max_users = forms.number(load_default=100)
    max_storage_gb = forms.number(load_default=10)
    admin = ma.fields.Nested(FirstStaffBody, required=True, error_messages={"required": forms.REQUIRED})


class TenantChange(Body):
    """What may be changed of a hospital; what is not named stays as it is, `null` empties it."""

    name = forms.text(longest=255, required=False, load_default=ma.missing, allow_none=False)
    display_name = forms.text(longest=255, required=False, load_default=ma.missing, shortest=0)
    domain = forms.text(longest=253, required=False, load_default=ma.missing, shortest=0, checks=[_domain])
    subscription_plan = forms.choice(SUBSCRIPTION_PLANS)
    max_users = forms.number()
    max_storage_gb = forms.number()


class SuspendBody(Body):
    """Why a hospital is taken out of service."""

    reason = forms.text(longest=500)


class AdminInviteBody(Body):
    """Why a hospital's first administrator needs another invite: who asked, and how that was made sure."""

    reason = forms.text(longest=500)


class TenantsAsked(PageArguments):
    """Which hospitals. `q` is looked for in code, names and domain, with or without diacritics."""

    class Meta:
        unknown = ma.RAISE

    q = ma.fields.String(load_default=None, validate=ma.validate.Length(max=100))
    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(TENANT_STATUSES))


class TenantAnswer(ma.Schema):
    """A hospital as the registry has it."""

    id = ma.fields.UUID()
    tenant_code = ma.fields.String()
    name = ma.fields.String()
    display_name = ma.fields.String(allow_none=True)
    domain = ma.fields.String(allow_none=True)
    status = ma.fields.String()
    subscription_plan = ma.fields.String()
    max_users = ma.fields.Integer()
    max_storage_gb = ma.fields.Integer()
    version = ma.fields.Integer()
    created_at = ma.fields.AwareDateTime()
    updated_at = ma.fields.AwareDateTime()


class TenantsAnswer(ma.Schema):
    """A page of hospitals."""

    items = ma.fields.List(ma.fields.Nested(TenantAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class UsageDayAnswer(ma.Schema):
    """How much a hospital was used on one of its days; null is what was not counted on that day."""

    date = ma.fields.Date()
    active_users = ma.fields.Integer()
    active_patients = ma.fields.Integer()
    total_patients = ma.fields.Integer()
    new_patients = ma.fields.Integer()
    total_appointments = ma.fields.Integer()
    completed_appointments = ma.fields.Integer()
    missed_appointments = ma.fields.Integer()
    queue_numbers = ma.fields.Integer()
    user_accounts = ma.fields.Integer(allow_none=True)
    storage_used_mb = ma.fields.Integer(allow_none=True)
    updated_at = ma.fields.AwareDateTime()


class UsageAnswer(ma.Schema):
    """A page of days."""

    items = ma.fields.List(ma.fields.Nested(UsageDayAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class InviteAnswer(ma.Schema):
    """The one-time way in for a first member of staff."""

    token = ma.fields.String()
    expires_at = ma.fields.AwareDateTime()


class TenantMade(ma.Schema):
    """A hospital that is ready."""

    id = ma.fields.UUID()
    tenant_code = ma.fields.String()
    status = ma.fields.String()
    admin_invite = ma.fields.Nested(InviteAnswer)


class AdminInvited(ma.Schema):
    """A hospital whose first administrator was invited again."""

    id = ma.fields.UUID()
    admin_invite = ma.fields.Nested(InviteAnswer)


class StepAnswer(ma.Schema):
    """One step of an operation: `pending`, `running`, `done` or `failed`."""

    name = ma.fields.String()
    state = ma.fields.String()
    started_at = ma.fields.AwareDateTime(allow_none=True)
    finished_at = ma.fields.AwareDateTime(allow_none=True)
    error_code = ma.fields.String(allow_none=True)


class OperationAnswer(ma.Schema):
    """Long work on a hospital. `admin_invite` is there for whoever asked for the work, for an hour after its end."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()
    tenant_id = ma.fields.UUID()
    tenant_code = ma.fields.String()
    steps = ma.fields.List(ma.fields.Nested(StepAnswer))
    created_at = ma.fields.AwareDateTime()
    updated_at = ma.fields.AwareDateTime()
    admin_invite = ma.fields.Nested(InviteAnswer, allow_none=True)


class RotationAnswer(ma.Schema):
    """New passwords are in use; the old ones stop to open anything at `retire_at`."""

    operation_id = ma.fields.UUID()
    tenant_id = ma.fields.UUID(attribute="tenant")
    retire_at = ma.fields.AwareDateTime()
