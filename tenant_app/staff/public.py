"""What other folders may use of staff and departments."""

from tenant_app.staff.models import (
    IdempotencyKey,
    StaffInvite,
    StaffRefreshToken,
    StaffSession,
    User,
)
from tenant_app.staff.permissions import PERMISSIONS, ROLE_NAMES, ROLE_PERMISSIONS
from tenant_app.staff.queries import (
    DepartmentRow,
    Doctor,
    StaffMember,
    active_doctors,
    list_departments,
    list_staff,
    permissions_of,
    staff_member,
)
from tenant_app.staff.service import NewUser, create_department, create_user, invite_again

__all__ = [
    "PERMISSIONS",
    "ROLE_NAMES",
    "ROLE_PERMISSIONS",
    "DepartmentRow",
    "Doctor",
    "IdempotencyKey",
    "NewUser",
    "StaffInvite",
    "StaffMember",
    "StaffRefreshToken",
    "StaffSession",
    "User",
    "active_doctors",
    "create_department",
    "create_user",
    "invite_again",
    "list_departments",
    "list_staff",
    "permissions_of",
    "staff_member",
]
