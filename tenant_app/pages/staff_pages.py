"""The people of the hospital: who works here, and inviting somebody."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext

from central.auth.public import IssuedInvite
from kernel.errors import InvalidFields, SokhamError
from kernel.ids import parse_uuid
from kernel.settings import Settings
from kernel.text import canonical
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.forms import MISSING, chosen_id, page, spoken, typed
from tenant_app.pages.saved_lists import opened
from tenant_app.pages.shown import options
from tenant_app.staff.errors import AlreadyJoined, EmailTaken, UsernameTaken
from tenant_app.staff.public import (
    ROLE_NAMES,
    NewUser,
    StaffMember,
    create_user,
    invite_again,
    list_departments,
    list_staff,
    staff_member,
)

blueprint = Blueprint("staff_pages", __name__, url_prefix="/staff")

PEOPLE: Final = 50
_FIELDS: Final = ("full_name", "username", "email", "phone", "role", "department_id")


@blueprint.route("")
@requires("staff.read")
def people() -> Response:
    """Who works here."""
    uow = request_unit_of_work()
    departments = [(each.id, each.name) for each in list_departments(uow=uow).items]
    offered = {"role": ROLE_NAMES, "department": [each for each, _ in departments]}
    saved = opened(uow, current_actor(), "staff", offered=offered)
    role = saved.args.get("role", "")
    department = chosen_id(saved.args.get("department"), what="department")
    listed = list_staff(
        uow=uow,
        role=role if role in ROLE_NAMES else None,
        department_id=department,
        limit=PEOPLE,
        cursor=request.args.get("cursor") or None,
    )
    return page(
        "staff/people.html",
        people=listed.items,
        next_cursor=listed.next_cursor,
        role=role,
        department=str(department or ""),
        roles=options(ROLE_NAMES),
        role_names=ROLE_NAMES,
        departments=departments,
        filters=saved.bar({"role": role, "department": department}),
        query=saved.query,
    )


@blueprint.route("/invite")
@requires("staff.invite")
def invite() -> Response:
    """The empty form."""
    return _form(dict.fromkeys(_FIELDS, ""))


@blueprint.route("/invite", methods=["POST"])
@requires("staff.invite")
def create() -> Response:
    """Invite somebody; the invite is shown this once."""
    uow = request_unit_of_work()
    shown = {name: typed(name) for name in _FIELDS}
    if missing := {name: [MISSING] for name in ("full_name", "username", "email", "role") if not shown[name]}:
        return _form(shown, errors=missing, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        new = NewUser(
            username=shown["username"],
            email=shown["email"],
            full_name=shown["full_name"],
            role=shown["role"],
            department_id=chosen_id(shown["department_id"], what="department"),
            phone=shown["phone"][:20] or None,
        )
        user, issued = create_user(uow=uow, actor=current_actor(), new=new, tag=g.hospital.code)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _form(shown, errors=wrong.errors, status=wrong.status)
    except (UsernameTaken, EmailTaken) as taken:
        uow.session.rollback()
        return _form(shown, errors={str(taken.data["field"]): [taken.title]}, status=taken.status)
    member = staff_member(uow=uow, user_id=user.id)
    uow.commit()
    return invited(member, issued)


@blueprint.route("/<user_id>/invite", methods=["POST"])
@requires("staff.invite")
def again(user_id: str) -> Response:
    """A new invite in place of one that was lost or has expired."""
    uow = request_unit_of_work()
    wanted = parse_uuid(user_id, what="user")
    try:
        issued = invite_again(uow=uow, actor=current_actor(), user_id=wanted, tag=g.hospital.code)
    except AlreadyJoined as why:
        uow.session.rollback()
        return refused(why, back=url_for("staff_pages.people"), back_label=gettext("Staff"))
    member = staff_member(uow=uow, user_id=wanted)
    uow.commit()
    return invited(member, issued)


def _form(
    shown: dict[str, str], *, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK
) -> Response:
    departments = list_departments(uow=request_unit_of_work(), active_only=True).items
    return page(
        "staff/invite.html",
        status=status,
        shown=shown,
        errors=spoken(errors or {}),
        roles=options(ROLE_NAMES),
        departments=[(each.id, each.name) for each in departments],
    )


def refused(why: SokhamError, *, back: str, back_label: str) -> Response:
    """Why something cannot be done now, and the way back."""
    return page("staff/refused.html", status=why.status, words=sentences(why), back=(back, back_label))


def invited(member: StaffMember, issued: IssuedInvite, *, replaces_password: bool = False) -> Response:
    """An invite, shown this once.

    The link holds the code behind `#`: browsers do not send that part, so it stands in no log on the way.
    """
    link = f"{collaborator(Settings).staff_url}/invite#{issued.secret.text}"
    return page(
        "staff/invited.html",
        member=member,
        # Not `role_name`: the kit has a macro of that name, which a page's own variables do not shadow.
        role_title=gettext(ROLE_NAMES.get(member.role, member.role)),
        link=link,
        code=canonical(issued.secret.text),
        expires_at=issued.expires_at,
        hospital=g.hospital,
        replaces_password=replaces_password,
    )
