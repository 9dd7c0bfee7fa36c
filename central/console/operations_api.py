"""Operations over the API."""

from uuid import UUID

from central.console import operations
from central.console.operations import OperationView
from central.console.schemas import OperationAnswer
from central.console.tenants import Console
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("operations", __name__, url_prefix="/api/v1/operations", description="Long work on hospitals")


@blueprint.route("/<uuid:operation_id>", methods=["GET"])
@requires("tenant.read")
@blueprint.response(200, OperationAnswer)
def show(operation_id: UUID) -> OperationView:
    """An operation with its steps; ask again until `state` is `done` or `failed`."""
    uow = request_unit_of_work()
    found = operations.read(
        uow=uow, actor=current_actor(), operation_id=operation_id, runner=collaborator(Console).runner
    )
    uow.commit()
    return found


@blueprint.route("/<uuid:operation_id>/retry", methods=["POST"])
@requires("tenant.create")
@blueprint.response(202, OperationAnswer)
def retry(operation_id: UUID) -> OperationView:
    """Go on with an operation that failed, once what stopped it is mended."""
    uow, actor, runner = request_unit_of_work(), current_actor(), collaborator(Console).runner
    operations.again(uow=uow, actor=actor, operation_id=operation_id, runner=runner)
    found = operations.read(uow=uow, actor=actor, operation_id=operation_id, runner=runner)
    uow.commit()
    return found
