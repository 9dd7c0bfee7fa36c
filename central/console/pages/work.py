"""How an operation goes, step by step, and the invite at its end."""

from uuid import UUID

from flask import Blueprint, Response, url_for

from central.console import operations
from central.console.pages.answers import lead_to, page, shown, wants_part
from central.console.tenants import Console
from central.registry.public import tenant_by_id
from kernel.ids import TenantId
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("work", __name__, url_prefix="/operations")


@blueprint.route("/<uuid:operation_id>")
@requires("tenant.read")
def show(operation_id: UUID) -> Response:
    """The steps; htmx asks for them again while they run, a page without JavaScript loads itself again."""
    found = operations.read(
        uow=request_unit_of_work(),
        actor=current_actor(),
        operation_id=operation_id,
        runner=collaborator(Console).runner,
    )
    return shown("work/steps.html" if wants_part() else "work/show.html", operation=found)


@blueprint.route("/<uuid:operation_id>/retry", methods=["POST"])
@requires("tenant.create")
def retry(operation_id: UUID) -> Response:
    """Try again what failed."""
    uow = request_unit_of_work()
    operations.again(uow=uow, actor=current_actor(), operation_id=operation_id, runner=collaborator(Console).runner)
    uow.commit()
    return lead_to(url_for("work.show", operation_id=operation_id))


@blueprint.route("/<uuid:operation_id>/invite", methods=["POST"])
@requires("tenant.create")
def invite(operation_id: UUID) -> Response:
    """The invite, shown this once. It is in no address and no cookie, so this answer is the page itself."""
    uow, actor = request_unit_of_work(), current_actor()
    console = collaborator(Console)
    found = operations.read(uow=uow, actor=actor, operation_id=operation_id, runner=console.runner)
    hospital = tenant_by_id(uow=uow, tenant=TenantId.parse(found.tenant_id))
    taken = operations.take_invite(uow=uow, actor=actor, operation_id=operation_id, runner=console.runner)
    uow.commit()
    return page(
        "hospitals/invited.html",
        status=200 if taken else 410,
        hospital=hospital,
        invite=taken,
        link=console.invite_link(taken) if taken else "",
    )
