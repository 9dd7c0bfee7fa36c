"""Notices over the API: one's own only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.notices import queries, service
from tenant_app.notices.queries import NoticeRow
from tenant_app.notices.schemas import (
    NoticeAnswer,
    NoticesAnswer,
    NoticesAsked,
    UnreadAnswer,
    WantedAnswer,
    WantedBody,
)

blueprint = Blueprint("notices", __name__, url_prefix="/api/v1/notices", description="What happened, for oneself")


@blueprint.route("", methods=["GET"])
@signed_in
@blueprint.arguments(NoticesAsked, location="query", unknown=None)
@blueprint.response(200, NoticesAnswer)
def notices(asked: dict[str, Any]) -> Page[NoticeRow]:
    """One's own, the newest first."""
    unread = asked.pop("unread")
    return queries.list_notices(uow=request_unit_of_work(), actor=current_actor(), unread_only=unread, **asked)


@blueprint.route("/unread", methods=["GET"])
@signed_in
@blueprint.response(200, UnreadAnswer)
def unread() -> dict[str, int]:
    """How many are unread."""
    return {"unread": queries.unread(uow=request_unit_of_work(), actor=current_actor())}


@blueprint.route("/<uuid:notice_id>/read", methods=["POST"])
@signed_in
@blueprint.response(200, NoticeAnswer)
def read(notice_id: UUID) -> NoticeRow | None:
    """Note that one was read."""
    uow, actor = request_unit_of_work(), current_actor()
    service.mark_read(uow=uow, actor=actor, notice_id=notice_id)
    found = queries.own_notice(uow=uow, actor=actor, notice_id=notice_id)
    uow.commit()
    return found


@blueprint.route("/read-all", methods=["POST"])
@signed_in
@blueprint.response(204)
def read_all() -> None:
    """Note that all of them were read."""
    uow = request_unit_of_work()
    service.mark_all_read(uow=uow, actor=current_actor())
    uow.commit()


@blueprint.route("/wanted", methods=["GET"])
@signed_in
@blueprint.response(200, WantedAnswer)
def wanted() -> dict[str, Mapping[str, bool]]:
    """Which kinds one wants."""
    return {"kinds": queries.wanted(uow=request_unit_of_work(), actor=current_actor())}


@blueprint.route("/wanted", methods=["PATCH"])
@signed_in
@blueprint.arguments(WantedBody)
@blueprint.response(200, WantedAnswer)
def choose(body: dict[str, Any]) -> dict[str, Mapping[str, bool]]:
    """Choose; each kind is set by itself, so that two windows do not undo each other."""
    uow = request_unit_of_work()
    found = service.choose(uow=uow, actor=current_actor(), chosen=body["kinds"])
    uow.commit()
    return {"kinds": found}
