"""Roles: the list, and one form for making, changing and deleting."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today
from kernel.errors import InvalidFields, PreconditionFailed, SokhamError
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.i18n import shown_date
from tenant_app.pages.forms import lead_to, page, parse_day, sent_version, spoken, typed
from tenant_app.pages.shown import options, role_title
from tenant_app.pages.staff_pages import refused
from tenant_app.reach.public import DEPARTMENTS, HOSPITAL
from tenant_app.staff.errors import BuiltInRole, RoleInUse, RoleNameTaken
from tenant_app.staff.public import (
    ADMIN_KEEPS,
    PERMISSION_AREAS,
    PERMISSIONS,
    RoleRow,
    change_role,
    create_role,
    delete_role,
    holders,
    list_roles,
    role,
)

blueprint = Blueprint("role_pages", __name__, url_prefix="/roles")

_ADMIN: Final = "admin"
REACH_NAMES: Final = {
    HOSPITAL: N_("The whole hospital"),
    DEPARTMENTS: N_("Their own departments"),
}


@blueprint.route("")
@requires("role.manage")
def show() -> Response:
    """All roles."""
    rows = [(row, role_title(row.name)) for row in list_roles(uow=request_unit_of_work())]
    return page("roles/list.html", rows=rows, of=len(PERMISSIONS), today=local_today())


@blueprint.route("/new")
@requires("role.manage")
def new() -> Response:
    """The empty form."""
    blank = {"name": "", "description": ""}
    return _form(None, shown=blank, chosen=(), demand=Demand(False, ""), reach=DEPARTMENTS, version=0)


@blueprint.route("/new", methods=["POST"])
@requires("role.manage")
def create() -> Response:
    """Make a role of the hospital's own."""
    uow = request_unit_of_work()
    shown, chosen = _sent()
    try:
        create_role(
            uow=uow,
            actor=current_actor(),
            **shown,
            permissions=chosen,
            mfa_required=_demand().required,
            mfa_from=_demand().day(),
            reach=_reach_chosen(DEPARTMENTS),
        )
    except (InvalidFields, RoleNameTaken) as wrong:
        uow.session.rollback()
        return _form(
            None,
            shown=shown,
            chosen=chosen,
            demand=_demand(),
            reach=_reach_chosen(DEPARTMENTS),
            version=0,
            errors=_errors(wrong),
            status=wrong.status,
        )
    uow.commit()
    return lead_to(url_for("role_pages.show"), message=gettext("The role is made. Give it to people on their pages."))


@blueprint.route("/<role_id>")
@requires("role.manage")
def edit(role_id: str) -> Response:
    """A role, with what it permits and who has it."""
    found = role(uow=request_unit_of_work(), role_id=parse_uuid(role_id, what="role"))
    shown = {"name": found.name, "description": found.description or ""}
    return _form(
        found,
        shown=shown,
        chosen=found.permissions,
        demand=Demand(found.mfa_required, shown_date(found.mfa_from)),
        reach=found.reach,
        version=found.version,
    )


@blueprint.route("/<role_id>", methods=["POST"])
@requires("role.manage")
def save(role_id: str) -> Response:
    """Save, unless somebody else was quicker: then the form keeps what was typed and says what is there now."""
    uow = request_unit_of_work()
    wanted = parse_uuid(role_id, what="role")
    found = role(uow=uow, role_id=wanted)
    shown, chosen = _sent()
    if found.built_in:
        shown["name"] = found.name
    # What this version of the pages does not show is not taken away by them.
    kept = set(found.permissions) - set(PERMISSIONS) | (ADMIN_KEEPS if found.name == _ADMIN else set())
    version, reach = sent_version(), _reach_chosen(found.reach)
    try:
        change_role(
            uow=uow,
            actor=current_actor(),
            role_id=wanted,
            version=version,
            **shown,
            permissions=chosen | kept,
            mfa_required=_demand().required,
            mfa_from=_demand().day(),
            reach=reach,
        )
    except PreconditionFailed as changed:
        uow.session.rollback()
        now = role(uow=uow, role_id=wanted)
        there = _there(now, shown=shown, chosen=chosen | kept, reach=reach)
        return _form(
            now,
            shown=shown,
            chosen=chosen,
            demand=_demand(),
            reach=reach,
            version=now.version,
            there=there,
            status=changed.status,
        )
    except (InvalidFields, RoleNameTaken) as wrong:
        uow.session.rollback()
        return _form(
            found,
            shown=shown,
            chosen=chosen,
            demand=_demand(),
            reach=reach,
            version=version,
            errors=_errors(wrong),
            status=wrong.status,
        )
    uow.commit()
    return lead_to(url_for("role_pages.show"), message=gettext("The change is saved."))


@blueprint.route("/<role_id>/delete", methods=["POST"])
@requires("role.manage")
def delete(role_id: str) -> Response:
    """Delete a role that nobody has."""
    uow = request_unit_of_work()
    wanted = parse_uuid(role_id, what="role")
    try:
        delete_role(uow=uow, actor=current_actor(), role_id=wanted)
    except (BuiltInRole, RoleInUse) as why:
        uow.session.rollback()
        return refused(why, back=url_for("role_pages.edit", role_id=wanted), back_label=gettext("Role"))
    uow.commit()
    return lead_to(url_for("role_pages.show"), message=gettext("The role is deleted."))


def _sent() -> tuple[dict[str, str], set[str]]:
    return {name: typed(name) for name in ("name", "description")}, set(request.form.getlist("permissions"))


@dataclass(frozen=True, slots=True)
class Demand:
    """Whether the role needs a second factor, and from which day on, as somebody types it; nothing: at once."""

    required: bool
    since: str

    def day(self) -> date | None:
        """The day that was typed. Raises InvalidFields."""
        return parse_day(self.since, field="mfa_from") if self.required and self.since else None


def _demand() -> Demand:
    return Demand("mfa_required" in request.form, typed("mfa_from"))


def _reach_chosen(usual: str) -> str:
    return request.form.get("reach", usual)


def _errors(wrong: SokhamError) -> dict[str, list[str]]:
    return dict(wrong.errors) or {str(wrong.data["field"]): [wrong.title]}


def _there(now: RoleRow, *, shown: dict[str, str], chosen: Collection[str], reach: str) -> list[tuple[str, str]]:
    """What is saved now where it differs from what was chosen, in words."""

    def words(names: Collection[str]) -> str:
        return ", ".join(gettext(text) for name, text in PERMISSIONS.items() if name in names)

    saved, sent = set(now.permissions), set(chosen)
    demanded = gettext("On") if now.mfa_required else gettext("Off")
    since = shown_date(now.mfa_from)
    pairs = (
        (gettext("Name"), now.name if now.name != shown["name"] else ""),
        (gettext("Description"), now.description if (now.description or "") != shown["description"] else ""),
        (gettext("Permitted there, not in your form"), words(saved - sent)),
        (gettext("In your form, not permitted there"), words(sent - saved)),
        (gettext("Where it holds"), gettext(REACH_NAMES[now.reach]) if now.reach != reach else ""),
        (gettext("Needs a second factor"), demanded if now.mfa_required != _demand().required else ""),
        (gettext("From this day on"), since if since != typed("mfa_from") else ""),
    )
    return [(label, value) for label, value in pairs if value]


def _form(
    found: RoleRow | None,
    *,
    shown: dict[str, str],
    chosen: Collection[str],
    demand: Demand,
    reach: str,
    version: int,
    errors: dict[str, list[str]] | None = None,
    there: list[tuple[str, str]] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    fixed = ADMIN_KEEPS if found is not None and found.name == _ADMIN else frozenset[str]()
    return page(
        "roles/form.html",
        status=status,
        role=found,
        title=role_title(found.name) if found else "",
        shown=shown,
        demand=demand,
        reach=reach,
        reaches=options(REACH_NAMES),
        version=version,
        errors=spoken(errors or {}),
        there=there,
        areas=_areas(chosen, fixed),
        people=holders(uow=request_unit_of_work(), role_id=found.id) if found else [],
    )


def _areas(chosen: Collection[str], fixed: frozenset[str]) -> list[tuple[str, list[dict[str, object]]]]:
    """Permissions in words, grouped by what they are about."""
    areas: dict[str, list[dict[str, object]]] = {}
    for name, words in PERMISSIONS.items():
        area = name.partition(".")[0]
        areas.setdefault(area, []).append(
            {"name": name, "words": gettext(words), "checked": name in chosen or name in fixed, "fixed": name in fixed}
        )
    return [(gettext(PERMISSION_AREAS.get(area, area)), listed) for area, listed in areas.items()]
