"""Hospitals: create, change, suspend, resume, new credentials, the first administrator's invite again."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.console import forms, tenants
from central.console.pages.answers import lead_to, page, shown, spoken, words
from central.console.schemas import AdminInviteBody, SuspendBody, TenantBody, TenantChange
from central.console.tenants import Console
from central.provisioning.public import AdministratorJoined
from central.registry.models import SUBSCRIPTION_PLANS
from central.registry.public import DomainTaken, Tenant, TenantCodeTaken, TransitionRefused, tenant_by_id
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import TenantId
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("hospital_changes", __name__, url_prefix="/hospitals")

CODE_TAKEN = N_("Another hospital has this code.")
DOMAIN_TAKEN = N_("Another hospital has this domain.")
NOT_THE_CODE = N_("This is not the hospital's code.")

_EMPTY: dict[str, Any] = {"subscription_plan": "basic", "max_users": 100, "max_storage_gb": 10}
_CHANGEABLE = ("name", "display_name", "domain", "subscription_plan", "max_users", "max_storage_gb")


@blueprint.route("/new")
@requires("tenant.create")
def create_form() -> Response:
    """The form for a new hospital."""
    return shown("hospitals/create.html", values=_EMPTY, errors={}, plans=SUBSCRIPTION_PLANS)


@blueprint.route("/new", methods=["POST"])
@requires("tenant.create")
def create() -> Response:
    """Reserve the hospital, and on to the page that shows how it is made."""
    uow = request_unit_of_work()
    try:
        fields = forms.load(TenantBody(), request.form)
        operation = tenants.create_later(
            uow=uow, actor=current_actor(), fields=fields, runner=collaborator(Console).runner
        )
    except InvalidFields as wrong:
        return _create_again(wrong.errors, status=wrong.status)
    except TenantCodeTaken as taken:
        return _create_again({"tenant_code": [CODE_TAKEN]}, status=taken.status)
    except DomainTaken as taken:
        return _create_again({"domain": [DOMAIN_TAKEN]}, status=taken.status)
    uow.commit()
    return lead_to(url_for("work.show", operation_id=operation.id))


@blueprint.route("/<uuid:tenant_id>/edit")
@requires("tenant.update")
def edit_form(tenant_id: UUID) -> Response:
    """The form with what stands."""
    row = _hospital(tenant_id)
    values = {name: getattr(row, name) for name in _CHANGEABLE}
    return shown(
        "hospitals/edit.html", hospital=row, values=values, errors={}, plans=SUBSCRIPTION_PLANS, version=row.version
    )


@blueprint.route("/<uuid:tenant_id>/edit", methods=["POST"])
@requires("tenant.update")
def edit(tenant_id: UUID) -> Response:
    """Change it, unless somebody else did meanwhile."""
    uow = request_unit_of_work()
    row = _hospital(tenant_id)
    version = request.form.get("version", "")
    try:
        changes = forms.load(TenantChange(), request.form, partial=True)
        # In a form, what was emptied is to be empty; the API says so with null.
        changes |= {name: None for name in ("display_name", "domain") if not request.form.get(name, "").strip()}
        tenants.change(
            uow=uow,
            actor=current_actor(),
            tenant=TenantId.parse(tenant_id),
            changes=_really_changed(row, {"name": "", **changes}),
            expected_version=int(version) if version.isdecimal() else 0,
            announcer=collaborator(Console).announcer,
        )
    except InvalidFields as wrong:
        return _edit_again(tenant_id, wrong.errors, status=wrong.status, version=version)
    except DomainTaken as taken:
        return _edit_again(tenant_id, {"domain": [DOMAIN_TAKEN]}, status=taken.status, version=version)
    except PreconditionFailed as changed:
        return _edit_again(tenant_id, {}, status=changed.status, version=version, message=words(changed)["title"])
    uow.commit()
    return lead_to(url_for("hospitals.show", tenant_id=tenant_id), message=gettext("The changes are saved."))


@blueprint.route("/<uuid:tenant_id>/suspend")
@requires("tenant.suspend")
def suspend_form(tenant_id: UUID) -> Response:
    """What a suspension does, and the form that asks for the code and the reason."""
    return shown("hospitals/suspend.html", hospital=_hospital(tenant_id), errors={}, reason="", code="")


@blueprint.route("/<uuid:tenant_id>/suspend", methods=["POST"])
@requires("tenant.suspend")
def suspend(tenant_id: UUID) -> Response:
    """Take it out of service; the code must be typed, with JavaScript or without."""
    uow, row = request_unit_of_work(), _hospital(tenant_id)
    code = request.form.get("code", "").strip()
    errors: dict[str, list[str]] = {}
    try:
        fields = forms.load(SuspendBody(), request.form)
    except InvalidFields as wrong:
        errors = dict(wrong.errors)
    if code.lower() != row.tenant_code:
        errors["code"] = [NOT_THE_CODE]
    if errors:
        return page(
            "hospitals/suspend.html",
            status=422,
            hospital=row,
            errors=spoken(errors),
            reason=request.form.get("reason", ""),
            code=code,
        )
    tenants.suspend(
        uow=uow,
        actor=current_actor(),
        tenant=TenantId.parse(tenant_id),
        reason=fields["reason"],
        announcer=collaborator(Console).announcer,
    )
    uow.commit()
    return lead_to(
        url_for("hospitals.show", tenant_id=tenant_id),
        message=gettext("The hospital is suspended. Nobody can work in it from now on."),
        tone="warning",
    )


@blueprint.route("/<uuid:tenant_id>/resume", methods=["POST"])
@requires("tenant.suspend")
def resume(tenant_id: UUID) -> Response:
    """Put it back into service."""
    uow = request_unit_of_work()
    tenants.resume(
        uow=uow,
        actor=current_actor(),
        tenant=TenantId.parse(tenant_id),
        announcer=collaborator(Console).announcer,
    )
    uow.commit()
    return lead_to(url_for("hospitals.show", tenant_id=tenant_id), message=gettext("The hospital is back in service."))


@blueprint.route("/<uuid:tenant_id>/admin-invite")
@requires("tenant.create")
def invite_form(tenant_id: UUID) -> Response:
    """What a new invite does, and the form that asks for the reason."""
    return shown("hospitals/invite.html", hospital=_hospital(tenant_id), errors={}, reason="", refusal=None)


@blueprint.route("/<uuid:tenant_id>/admin-invite", methods=["POST"])
@requires("tenant.create")
def invite(tenant_id: UUID) -> Response:
    """Make the invite, shown this once. It is in no address and no cookie, so this answer is the page itself."""
    uow, console, row = request_unit_of_work(), collaborator(Console), _hospital(tenant_id)
    try:
        fields = forms.load(AdminInviteBody(), request.form)
        made = console.runner.provisioner.invite_again(
            uow=uow, tenant=TenantId.parse(tenant_id), actor=current_actor(), reason=fields["reason"]
        )
    except InvalidFields as wrong:
        return page(
            "hospitals/invite.html",
            status=wrong.status,
            hospital=row,
            errors=spoken(wrong.errors),
            reason=request.form.get("reason", ""),
            refusal=None,
        )
    except (AdministratorJoined, TransitionRefused) as refused:
        return page("hospitals/invite.html", status=refused.status, hospital=row, refusal=words(refused))
    uow.commit()
    return page("hospitals/invited.html", hospital=row, invite=made, link=console.invite_link(made))


@blueprint.route("/<uuid:tenant_id>/rotate-credentials", methods=["POST"])
@requires("tenant.credentials")
def rotate(tenant_id: UUID) -> Response:
    """New database passwords; who is at work there notices nothing."""
    rotation = tenants.rotate_credentials(
        actor=current_actor(), tenant=TenantId.parse(tenant_id), runner=collaborator(Console).runner
    )
    request_unit_of_work().commit()
    return lead_to(
        url_for("work.show", operation_id=rotation.operation_id), message=gettext("New passwords are in use.")
    )


def _hospital(tenant_id: UUID) -> Tenant:
    return tenant_by_id(uow=request_unit_of_work(), tenant=TenantId.parse(tenant_id))


def _create_again(errors: Any, *, status: int) -> Response:
    return page(
        "hospitals/create.html",
        status=status,
        values=request.form.to_dict(),
        errors=spoken(errors),
        plans=SUBSCRIPTION_PLANS,
    )


def _edit_again(tenant_id: UUID, errors: Any, *, status: int, version: str, message: str = "") -> Response:
    """The form with what was typed. After a change by somebody else it carries the new version, and says so."""
    request_unit_of_work().session.rollback()
    row = _hospital(tenant_id)
    return page(
        "hospitals/edit.html",
        status=status,
        hospital=row,
        values=request.form.to_dict(),
        errors=spoken(errors),
        plans=SUBSCRIPTION_PLANS,
        version=row.version if message else version,
        message=message,
    )


def _really_changed(row: Tenant, changes: dict[str, Any]) -> dict[str, Any]:
    """Only what differs, so that the audit names what was changed and not the whole form."""
    return {name: value for name, value in changes.items() if value != getattr(row, name)}
