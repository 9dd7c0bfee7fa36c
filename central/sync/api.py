"""The sync's calls: two for workers, which speak the wire schemas, and three for administrators."""

import hashlib
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, request

from central.sync import dead_letters
from central.sync.changes import changes_after
from central.sync.dead_letters import Decision
from central.sync.doorbell import RedisDoorbell
from central.sync.gate import WORKER_PERMISSION
from central.sync.models import DEAD_STATES
from central.sync.service import SyncBus, push
from central.sync.wire import encode, read_batch
from kernel.errors import Unauthenticated
from kernel.ids import TenantId
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, PageArguments
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("sync", __name__, url_prefix="/api/v1/sync", description="Hospitals' workers and dead letters.")

MANAGE = "sync.dead_letters"


class DeadLetterSchema(ma.Schema):
    """An event that was given up, and what was decided about it."""

    id = ma.fields.UUID()
    tenant_id = ma.fields.UUID()
    tenant_code = ma.fields.String()
    event_id = ma.fields.UUID()
    event_type = ma.fields.String()
    reason = ma.fields.String()
    attempts = ma.fields.Integer()
    first_failed_at = ma.fields.AwareDateTime()
    last_failed_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    decided_at = ma.fields.AwareDateTime(allow_none=True)


class DeadLetterPage(ma.Schema):
    """One page of dead letters."""

    items = ma.fields.List(ma.fields.Nested(DeadLetterSchema))
    next_cursor = ma.fields.String(allow_none=True)


class DeadLetterArguments(PageArguments):
    """A page, of one state if given."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(DEAD_STATES))


class DecidedSchema(ma.Schema):
    """What was asked of the hospital's worker."""

    id = ma.fields.UUID()
    state = ma.fields.String()


@blueprint.route("/batches", methods=["POST"])
@blueprint.doc(
    summary="Push a batch of events (workers)",
    requestBody={"content": {"application/json": {"schema": {"type": "object"}}}},
    responses={"200": {"description": "A result for each event: applied, duplicate, stale or rejected."}},
)
@requires(WORKER_PERMISSION)
def push_batch() -> Response:
    """Take a batch; each event is answered for by itself."""
    body = request.get_data(cache=True)
    batch = read_batch(body)
    uow = request_unit_of_work()
    checksum = hashlib.sha256(body).hexdigest()
    answer = push(uow=uow, tenant=_worker_tenant(), batch=batch, checksum=checksum, bus=collaborator(SyncBus))
    uow.commit()
    return Response(encode(answer), mimetype="application/json")


@blueprint.route("/changes", methods=["GET"])
@blueprint.doc(
    summary="Fetch what central tells the hospital (workers)",
    parameters=[{"in": "query", "name": "cursor", "schema": {"type": "string"}}],
    responses={"200": {"description": "Settled ids, merges, requests to replay or discard."}},
)
@requires(WORKER_PERMISSION)
def fetch_changes() -> Response:
    """Changes after the cursor, oldest first, and the cursor after them."""
    uow = request_unit_of_work()
    answer = changes_after(uow=uow, tenant=_worker_tenant(), cursor=request.args.get("cursor"))
    uow.commit()
    return Response(encode(answer), mimetype="application/json")


@blueprint.route("/dead-letters", methods=["GET"])
@blueprint.arguments(DeadLetterArguments, location="query")
@blueprint.response(200, DeadLetterPage)
@requires(MANAGE)
def list_dead_letters(arguments: dict[str, Any]) -> dict[str, Any]:
    """Dead letters, the latest failure first."""
    items, cursor = dead_letters.listed(
        uow=request_unit_of_work(), limit=arguments["limit"], cursor=arguments["cursor"], state=arguments["state"]
    )
    return {"items": items, "next_cursor": cursor}


@blueprint.route("/dead-letters/<uuid:dead_letter>/replay", methods=["POST"])
@blueprint.response(202, DecidedSchema)
@requires(MANAGE)
def replay(dead_letter: UUID) -> dict[str, Any]:
    """Have the hospital's worker push it again."""
    return _decide(dead_letter, "replay")


@blueprint.route("/dead-letters/<uuid:dead_letter>/discard", methods=["POST"])
@blueprint.response(202, DecidedSchema)
@requires(MANAGE)
def discard(dead_letter: UUID) -> dict[str, Any]:
    """Have the hospital's worker drop it."""
    return _decide(dead_letter, "discard")


def _decide(dead_letter: UUID, decision: Decision) -> dict[str, Any]:
    uow = request_unit_of_work()
    tenant = dead_letters.decide(uow=uow, actor=current_actor(), dead_letter=dead_letter, decision=decision)
    bell = collaborator(RedisDoorbell)
    uow.after_commit(lambda: bell.ring(tenant, changes=True))
    uow.commit()
    return {"id": dead_letter, "state": f"{decision}_requested"}


def _worker_tenant() -> TenantId:
    tenant = current_actor().tenant
    if tenant is None:
        raise Unauthenticated
    return tenant
