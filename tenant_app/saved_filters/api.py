"""One's own saved filters over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.saved_filters import queries, service
from tenant_app.saved_filters.queries import FilterRow
from tenant_app.saved_filters.schemas import (
    FilterAnswer,
    FilterChangeBody,
    FiltersAnswer,
    FiltersAsked,
    NewFilterBody,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "saved_filters", __name__, url_prefix="/api/v1/saved-filters", description="Filters of lists, for oneself"
)

_Answer = tuple[FilterRow, int, dict[str, str]]


@blueprint.route("", methods=["GET"])
@signed_in
@blueprint.arguments(FiltersAsked, location="query", unknown=None)
@blueprint.response(200, FiltersAnswer)
def filters(asked: dict[str, Any]) -> Page[FilterRow]:
    """One's own, in the order in which they were made."""
    return queries.list_filters(uow=request_unit_of_work(), actor=current_actor(), **asked)


@blueprint.route("", methods=["POST"])
@signed_in
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewFilterBody)
@blueprint.response(201, FilterAnswer)
def save(body: dict[str, Any]) -> _Answer:
    """Keep a filter; needs what its list needs."""
    made = service.save_filter(uow=request_unit_of_work(), actor=current_actor(), **body)
    return made, 201, {"ETag": etag(made.version)}


@blueprint.route("/<uuid:filter_id>", methods=["GET"])
@signed_in
@blueprint.response(200, FilterAnswer)
def show(filter_id: UUID) -> _Answer:
    """One of one's own."""
    found = queries.own_filter(uow=request_unit_of_work(), actor=current_actor(), filter_id=filter_id)
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("/<uuid:filter_id>", methods=["PATCH"])
@signed_in
@blueprint.arguments(FilterChangeBody)
@blueprint.response(200, FilterAnswer)
def change(body: dict[str, Any], filter_id: UUID) -> _Answer:
    """Change one of one's own; takes If-Match. One that becomes the default takes the place of the one that was."""
    uow = request_unit_of_work()
    changed = service.change_filter(
        uow=uow, actor=current_actor(), filter_id=filter_id, version=expected_version(), **body
    )
    uow.commit()
    return changed, 200, {"ETag": etag(changed.version)}


@blueprint.route("/<uuid:filter_id>", methods=["DELETE"])
@signed_in
@blueprint.response(204)
def delete(filter_id: UUID) -> None:
    """Delete one of one's own; takes If-Match, if sent."""
    uow = request_unit_of_work()
    service.delete_filter(uow=uow, actor=current_actor(), filter_id=filter_id, version=version_if_sent())
    uow.commit()
