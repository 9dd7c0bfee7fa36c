"""Staff over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires, signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered
from tenant_app.hospital.queries import hospital_info, tenant_code
from tenant_app.staff import members, queries, service
from tenant_app.staff.models import IdempotencyKey
from tenant_app.staff.schemas import (
    InviteAnswer,
    InvitedAnswer,
    MeAnswer,
    MemberAnswer,
    MemberChangeBody,
    ResetFactorBody,
    UserAnswer,
    UserBody,
    UsersAnswer,
    UsersAsked,
)

blueprint = Blueprint("staff", __name__, url_prefix="/api/v1", description="Staff")


@blueprint.route("/me", methods=["GET"])
@signed_in
@blueprint.response(200, MeAnswer)
def me() -> dict[str, Any]:
    """Who is signed in, at which hospital, and what they may do."""
    uow, actor = request_unit_of_work(), current_actor()
    hospital = hospital_info(uow=uow)
    uow.commit()
    return {
        "id": actor.id,
        "full_name": actor.name,
        "role": actor.role,
        "permissions": sorted(actor.permissions),
        "department_id": actor.department_id,
        "departments": None if actor.departments is None else sorted(actor.departments),
        "tenant_code": hospital.tenant_code,
        "hospital_name": hospital.display_name or hospital.name,
    }


@blueprint.route("/users", methods=["POST"])
@requires("staff.invite")
@remembered(IdempotencyKey, shown_once=("invite",))
@blueprint.arguments(UserBody)
@blueprint.response(201, InvitedAnswer)
def create_user(body: dict[str, Any]) -> dict[str, Any]:
    """Invite a member of staff; the answer holds the one-time invite."""
    uow = request_unit_of_work()
    user, invite = service.create_user(
        uow=uow, actor=current_actor(), new=service.NewUser(**body), tag=tenant_code(uow=uow)
    )
    made = queries.staff_member(uow=uow, user_id=user.id)
    return {
        **{name: getattr(made, name) for name in UserAnswer().fields},
        "invite": {"token": invite.secret.text, "expires_at": invite.expires_at},
    }


@blueprint.route("/users", methods=["GET"])
@requires("staff.read")
@blueprint.arguments(UsersAsked, location="query", unknown=None)
@blueprint.response(200, UsersAnswer)
def users(asked: dict[str, Any]) -> Page[queries.StaffMember]:
    """Staff by user name."""
    uow = request_unit_of_work()
    page = queries.list_staff(uow=uow, **asked)
    uow.commit()
    return page


@blueprint.route("/users/<uuid:user_id>", methods=["GET"])
@requires("staff.read")
@blueprint.response(200, MemberAnswer)
def user(user_id: UUID) -> Any:
    """One member of staff."""
    return _member(user_id)


@blueprint.route("/users/<uuid:user_id>", methods=["PATCH"])
@requires("staff.manage")
@blueprint.arguments(MemberChangeBody)
@blueprint.response(200, MemberAnswer)
def change_user(body: dict[str, Any], user_id: UUID) -> Any:
    """Change a member's details or roles; takes If-Match."""
    members.change_member(
        uow=request_unit_of_work(),
        actor=current_actor(),
        user_id=user_id,
        version=expected_version(),
        role=body.pop("role", None),
        further_role_ids=body.pop("role_ids", None),
        details=body,
    )
    return _member(user_id)


@blueprint.route("/users/<uuid:user_id>/deactivate", methods=["POST"])
@requires("staff.manage")
@blueprint.response(200, MemberAnswer)
def deactivate(user_id: UUID) -> Any:
    """Close an account: sessions end at once, invites are void; takes If-Match, if sent."""
    members.deactivate(uow=request_unit_of_work(), actor=current_actor(), user_id=user_id, version=version_if_sent())
    return _member(user_id)


@blueprint.route("/users/<uuid:user_id>/reactivate", methods=["POST"])
@requires("staff.manage")
@blueprint.response(200, MemberAnswer)
def reactivate(user_id: UUID) -> Any:
    """Open an account again; takes If-Match, if sent."""
    members.reactivate(uow=request_unit_of_work(), actor=current_actor(), user_id=user_id, version=version_if_sent())
    return _member(user_id)


@blueprint.route("/users/<uuid:user_id>/new-password", methods=["POST"])
@requires("staff.manage")
@blueprint.response(200, InviteAnswer)
def new_password(user_id: UUID) -> dict[str, Any]:
    """An invite for who forgot the password: sessions end now, the old password once the invite is accepted."""
    uow = request_unit_of_work()
    invite = members.invite_to_new_password(uow=uow, actor=current_actor(), user_id=user_id, tag=tenant_code(uow=uow))
    uow.commit()
    return {"token": invite.secret.text, "expires_at": invite.expires_at}


@blueprint.route("/users/<uuid:user_id>/reset-mfa", methods=["POST"])
@requires("staff.manage")
@blueprint.arguments(ResetFactorBody)
@blueprint.response(204)
def reset_mfa(body: dict[str, Any], user_id: UUID) -> None:
    """Take a lost second factor away: sessions end, and the member is told at the next sign-in."""
    uow = request_unit_of_work()
    members.reset_second_factor(uow=uow, actor=current_actor(), user_id=user_id, **body)
    uow.commit()


@blueprint.route("/users/<uuid:user_id>/invite", methods=["POST"])
@requires("staff.invite")
@blueprint.response(200, InviteAnswer)
def invite_again(user_id: UUID) -> dict[str, Any]:
    """A new invite in place of one that was lost or has expired."""
    uow = request_unit_of_work()
    invite = service.invite_again(uow=uow, actor=current_actor(), user_id=user_id, tag=tenant_code(uow=uow))
    uow.commit()
    return {"token": invite.secret.text, "expires_at": invite.expires_at}


def _member(user_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """The end of a request about one member: what they are now, committed."""
    uow = request_unit_of_work()
    found = queries.staff_member(uow=uow, user_id=user_id)
    answer = {
        **{name: getattr(found, name) for name in UserAnswer().fields},
        "roles": queries.roles_of(uow=uow, user_id=user_id),
    }
    uow.commit()
    return answer, 200, {"ETag": etag(found.version)}
