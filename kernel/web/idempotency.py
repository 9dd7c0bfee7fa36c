"""Idempotency-Key: a creating POST that is sent twice creates once, and is answered twice with the same words.

The key, the request's hash and the answer are a row in the same transaction as the creation, so they stand or fall
together. A key is good for one actor and one route.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import Integer, LargeBinary, String, Text, Uuid, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.database.columns import CreatedAt
from kernel.errors import Conflict, InvalidRequest
from kernel.text import N_
from kernel.web.access import View
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work

HEADER = "Idempotency-Key"
KEPT_HOURS = 24


class IdempotencyColumns:
    """A table `idempotency_keys` of the database in which the thing is created."""

    actor_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    route: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    etag: Mapped[str | None] = mapped_column(String(50))
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class KeyReused(Conflict):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title = N_("This idempotency key belongs to another request")
    advice = N_("Use a new key for a new request.")


Address = Callable[[Mapping[str, Any]], str | None]


def under_this_path(body: Mapping[str, Any]) -> str:
    """The address of what was made in a collection that was posted to."""
    return f"{request.path}/{body['id']}"


def remembered(
    model: Any, *, shown_once: tuple[str, ...] = (), location: Address = lambda _: None
) -> Callable[[View], View]:
    """Decorate a creating view. The view must not commit: the answer is stored with what it made, then both commit.

    `shown_once` names members of the answer that are secrets: they are never stored, so that a repeated
    request finds null in their place. `location` finds the address of what was made in the answer's body: the header
    follows from it for the first answer and the repeated one alike, and need not be stored.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            key = request.headers.get(HEADER)
            uow = request_unit_of_work()
            if key is None:
                answer = _located(view(*args, **kwargs), location)
                uow.commit()
                return answer
            if not 1 <= len(key) <= 100:
                raise InvalidRequest("idempotency key")
            route = (request.endpoint or "")[:100]
            earlier = _claim(uow.session, model, route=route, key=key)
            if earlier is not None:
                return _located(earlier, location)
            answer = _located(view(*args, **kwargs), location)
            _keep(uow.session, model, route=route, key=key, answer=answer, shown_once=shown_once)
            uow.commit()
            return answer

        return once  # type: ignore[return-value]  # functools.wraps keeps the signature

    return decorate


def _hash() -> bytes:
    """Of the path too: the same body sent to another patient's address is another request."""
    return hashlib.sha256(request.path.encode() + b"\0" + request.get_data()).digest()


def _claim(session: Session, model: Any, *, route: str, key: str) -> Response | None:
    """Take the key for this request, or return the answer that it already has. Waits for one that is under way."""
    actor = current_actor()
    row = {"actor_id": actor.id, "route": route, "key": key, "request_hash": _hash()}
    taken = session.execute(insert(model).values(**row).on_conflict_do_nothing().returning(model.key)).first()
    if taken is not None:
        return None
    mine = (model.actor_id == actor.id, model.route == route, model.key == key)
    found = session.execute(select(model).where(*mine)).scalar_one()
    if found.request_hash != row["request_hash"]:
        raise KeyReused
    response = Response(found.body, status=found.status, mimetype="application/json")
    if found.etag:
        response.headers["ETag"] = found.etag
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(
    session: Session, model: Any, *, route: str, key: str, answer: Response, shown_once: tuple[str, ...] = ()
) -> None:
    mine = (model.actor_id == current_actor().id, model.route == route, model.key == key)
    session.execute(
        model.__table__.update()
        .where(*mine)
        .values(status=answer.status_code, body=_without(answer, shown_once), etag=answer.headers.get("ETag"))
    )


def _without(answer: Response, names: tuple[str, ...]) -> str:
    body = answer.get_data(as_text=True)
    if not names:
        return body
    return json.dumps({**json.loads(body), **dict.fromkeys(names)}, ensure_ascii=False)


def _located(answer: Any, location: Address) -> Response:
    if not isinstance(answer, Response):
        raise TypeError("a remembered view returns the finished Response")
    if address := location(answer.get_json()):
        answer.headers["Location"] = address
    return answer


def forget_old(session: Session, model: Any) -> None:
    """Drop keys older than a day; a job calls it."""
    session.execute(delete(model).where(model.created_at < func.now() - func.make_interval(0, 0, 0, 0, KEPT_HOURS)))
