"""One member of staff: who they are, changing it, and opening or closing their account."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, PreconditionFailed, SokhamError
from kernel.ids import parse_uuid
from kernel.text import N_, vietnamese_order
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.forms import chosen_id, lead_to, page, sent_version, spoken, typed
from tenant_app.pages.shown import options, role_title
from tenant_app.pages.staff_pages import invited, refused
from tenant_app.staff.errors import (
    AboutOneself,
    BeyondOwnRights,
    DepartmentClosed,
    EmailTaken,
    LastAdministrator,
    NotJoined,
)
from tenant_app.staff.public import (
    ROLE_NAMES,
    RoleName,
    StaffMember,
    change_member,
    coming_appointments,
    deactivate,
    invite_to_new_password,
    list_departments,
    reactivate,
    role_names,
    roles_of,
    staff_member,
)

blueprint = Blueprint("member_pages", __name__, url_prefix="/staff/<user_id>")

_LABELS: Final = {
    "full_name": N_("Full name"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "role": N_("Main role"),
    "department_id": N_("Department"),
}
_FIELDS: Final = tuple(_LABELS)
_REFUSALS: Final = (AboutOneself, DepartmentClosed, LastAdministrator, BeyondOwnRights, NotJoined)


@blueprint.route("")
@requires("staff.read")
def show(user_id: str) -> Response:
    """A colleague's details."""
    uow = request_unit_of_work()
    member = staff_member(uow=uow, user_id=parse_uuid(user_id, what="user"))
    roles = [role_title(each.name) for each in roles_of(uow=uow, user_id=member.id) if each.name != member.role]
    roles.sort(key=vietnamese_order)
    return page("staff/member.html", member=member, main_role=role_title(member.role), further_roles=roles)


@blueprint.route("/edit")
@requires("staff.manage")
def edit(user_id: str) -> Response:
    """The form with what is known."""
    member = staff_member(uow=request_unit_of_work(), user_id=parse_uuid(user_id, what="user"))
    return _form(member, shown=_known(member), chosen=_further(member), version=member.version)


@blueprint.route("/edit", methods=["POST"])
@requires("staff.manage")
def save(user_id: str) -> Response:
    """Save, unless somebody else was quicker: then the form keeps what was typed and says what is there now."""
    uow, actor = request_unit_of_work(), current_actor()
    member = staff_member(uow=uow, user_id=parse_uuid(user_id, what="user"))
    shown = {name: typed(name) for name in _FIELDS}
    # Their own roles are not in the form of somebody who changes their own details.
    own = member.id == actor.id
    chosen = _further(member) if own else {parse_uuid(each, what="role") for each in request.form.getlist("role_ids")}
    try:
        change_member(
            uow=uow,
            actor=actor,
            user_id=member.id,
            version=sent_version(),
            details={
                **{name: shown[name] for name in ("full_name", "email", "phone")},
                "department_id": chosen_id(shown["department_id"], what="department"),
            },
            role=None if own else shown["role"],
            further_role_ids=None if own else chosen,
        )
    except PreconditionFailed as changed:
        uow.session.rollback()
        now = staff_member(uow=uow, user_id=member.id)
        return _form(
            now,
            shown=shown,
            chosen=chosen,
            version=now.version,
            there=_there(now, shown=shown, chosen=chosen),
            status=changed.status,
        )
    except InvalidFields as wrong:
        uow.session.rollback()
        return _form(
            member, shown=shown, chosen=chosen, version=sent_version(), errors=wrong.errors, status=wrong.status
        )
    except EmailTaken as taken:
        uow.session.rollback()
        errors = {"email": [taken.title]}
        return _form(member, shown=shown, chosen=chosen, version=sent_version(), errors=errors, status=taken.status)
    except _REFUSALS as why:
        uow.session.rollback()
        return _form(member, shown=shown, chosen=chosen, version=sent_version(), refusal=why, status=why.status)
    uow.commit()
    return lead_to(_address(member.id), message=gettext("The change is saved."))


@blueprint.route("/deactivate")
@requires("staff.manage")
def ask(user_id: str) -> Response:
    """What closing the account would mean."""
    uow = request_unit_of_work()
    member = staff_member(uow=uow, user_id=parse_uuid(user_id, what="user"))
    waiting = coming_appointments(uow=uow, doctor_id=member.id)
    return page("staff/deactivate.html", member=member, waiting=waiting, own=member.id == current_actor().id)


@blueprint.route("/deactivate", methods=["POST"])
@requires("staff.manage")
def close(user_id: str) -> Response:
    """Close the account."""
    return _act(deactivate, user_id, message=gettext("The account is closed; nobody is signed in with it any more."))


@blueprint.route("/reactivate", methods=["POST"])
@requires("staff.manage")
def reopen(user_id: str) -> Response:
    """Open the account again."""
    return _act(reactivate, user_id, message=gettext("The account is open again."))


@blueprint.route("/new-password", methods=["POST"])
@requires("staff.manage")
def new_password(user_id: str) -> Response:
    """An invite for somebody who forgot the password, shown this once."""
    uow = request_unit_of_work()
    wanted = parse_uuid(user_id, what="user")
    try:
        issued = invite_to_new_password(uow=uow, actor=current_actor(), user_id=wanted, tag=g.hospital.code)
    except _REFUSALS as why:
        return _refused(wanted, why)
    member = staff_member(uow=uow, user_id=wanted)
    uow.commit()
    return invited(member, issued, replaces_password=True)


def _act(action: Any, user_id: str, *, message: str) -> Response:
    uow = request_unit_of_work()
    wanted = parse_uuid(user_id, what="user")
    try:
        action(uow=uow, actor=current_actor(), user_id=wanted)
    except _REFUSALS as why:
        return _refused(wanted, why)
    uow.commit()
    return lead_to(_address(wanted), message=message)


def _refused(user_id: UUID, why: SokhamError) -> Response:
    uow = request_unit_of_work()
    uow.session.rollback()
    return refused(why, back=_address(user_id), back_label=staff_member(uow=uow, user_id=user_id).full_name)


def _address(user_id: UUID) -> str:
    return url_for("member_pages.show", user_id=user_id)


def _known(member: StaffMember) -> dict[str, str]:
    return {name: str(getattr(member, name) or "") for name in _FIELDS}


def _further(member: StaffMember) -> set[UUID]:
    roles = roles_of(uow=request_unit_of_work(), user_id=member.id)
    return {each.id for each in roles if each.name != member.role}


def _there(member: StaffMember, *, shown: dict[str, str], chosen: set[UUID]) -> list[tuple[str, str]]:
    """What is saved now where it differs from what was typed, in words."""
    words = {**_known(member), "role": role_title(member.role), "department_id": member.department_name or ""}
    differing = [(gettext(_LABELS[name]), words[name]) for name, now in _known(member).items() if now != shown[name]]
    if _further(member) != chosen:
        names = role_names(uow=request_unit_of_work())
        held = [role_title(each.name) for each in names if each.id in _further(member)]
        differing.append((gettext("Further roles"), ", ".join(held)))
    return differing


def _form(
    member: StaffMember,
    *,
    shown: dict[str, str],
    chosen: set[UUID],
    version: int,
    errors: dict[str, list[str]] | None = None,
    refusal: SokhamError | None = None,
    there: list[tuple[str, str]] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    departments = list_departments(uow=uow).items
    roles: list[RoleName] = role_names(uow=uow)
    return page(
        "staff/edit.html",
        status=status,
        member=member,
        shown=shown,
        version=version,
        errors=spoken(errors or {}),
        refusal=sentences(refusal) if refusal else None,
        there=there,
        own=member.id == current_actor().id,
        main_role=role_title(member.role),
        waiting=coming_appointments(uow=uow, doctor_id=member.id),
        roles=options(ROLE_NAMES),
        further=[(each.id, role_title(each.name), each.id in chosen) for each in roles],
        departments=[
            (each.id, each.name) for each in departments if each.status == "active" or each.id == member.department_id
        ],
    )
