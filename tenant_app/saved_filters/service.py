"""Keeping filters: naming, changing, making one the default, deleting. All of it one's own.

A member's writes take turns by the lock of their own row, so that limits hold and one filter is the default.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.saved_filters.errors import FilterNameTaken, TooManyFilters
from tenant_app.saved_filters.lists import LISTS
from tenant_app.saved_filters.models import SavedFilter
from tenant_app.saved_filters.queries import FilterRow, own_filter
from tenant_app.saved_filters.rules import (
    MOST_FILTERS,
    NO_SUCH_LIST,
    NOT_OFFERED,
    SavedList,
    checked_name,
    checked_parameters,
    references,
)
from tenant_app.staff.models import Department, User

_DEPARTMENT: Final = select(Department.id).where(Department.id == bindparam("wanted"))
_USER: Final = select(User.id).where(User.id == bindparam("wanted"))
# Whether something that a filter names is there, and offered by its list.
_THERE: Final = {
    "department": _DEPARTMENT.where(Department.status == "active"),
    "any_department": _DEPARTMENT,
    "doctor": _USER.where(User.role == "doctor", User.status == "active"),
    "user": _USER,
}


def save_filter(
    *,
    uow: UnitOfWork,
    actor: Actor,
    list_name: str,
    name: str,
    parameters: Mapping[str, str],
    is_default: bool = False,
) -> FilterRow:
    """Keep a filter. Raises InvalidFields, Forbidden, FilterNameTaken, TooManyFilters."""
    what = _seen_by(actor, list_name)
    named, held = checked_name(name), _checked(uow, what, parameters)
    _take_turns(uow, actor)
    mine = (SavedFilter.user_id == actor.id, SavedFilter.list_name == list_name)
    if uow.session.execute(select(func.count()).where(*mine)).scalar_one() >= MOST_FILTERS:
        raise TooManyFilters
    made = SavedFilter(
        id=new_row_id(),
        user_id=actor.id,
        list_name=list_name,
        name=named,
        parameters=held,
        is_default=is_default,
    )
    if is_default:
        _no_default(uow, actor, list_name)
    uow.session.add(made)
    _flush(uow)
    return own_filter(uow=uow, actor=actor, filter_id=made.id)


def change_filter(
    *,
    uow: UnitOfWork,
    actor: Actor,
    filter_id: UUID,
    version: int,
    name: str | None = None,
    parameters: Mapping[str, str] | None = None,
    is_default: bool | None = None,
) -> FilterRow:
    """Another name, other parameters, the default or not (None: as it is).

    Raises NotFound, PreconditionFailed, InvalidFields, Forbidden, FilterNameTaken. Where nothing differs, nothing is
    written and the version stays.
    """
    found = _locked(uow, actor, filter_id, version)
    what = _seen_by(actor, found.list_name)
    new = {
        "name": found.name if name is None else checked_name(name),
        "parameters": found.parameters if parameters is None else _checked(uow, what, parameters),
        "is_default": found.is_default if is_default is None else is_default,
    }
    if all(getattr(found, field) == value for field, value in new.items()):
        return own_filter(uow=uow, actor=actor, filter_id=filter_id)
    if new["is_default"] and not found.is_default:
        _no_default(uow, actor, found.list_name)
    for field, value in new.items():
        setattr(found, field, value)
    found.version += 1
    found.updated_at = utc_now()
    _flush(uow)
    return own_filter(uow=uow, actor=actor, filter_id=filter_id)


def replace_filter(
    *, uow: UnitOfWork, actor: Actor, list_name: str, name: str, parameters: Mapping[str, str], is_default: bool = False
) -> FilterRow:
    """Give the filter of this name other parameters; one that is the default stays it.

    Raises NotFound where there is none (any more), InvalidFields, Forbidden.
    """
    _take_turns(uow, actor)
    statement = select(SavedFilter.id, SavedFilter.version, SavedFilter.is_default).where(
        SavedFilter.user_id == actor.id,
        SavedFilter.list_name == list_name,
        func.lower(SavedFilter.name) == func.lower(checked_name(name)),
    )
    found = uow.session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("filter")
    return change_filter(
        uow=uow,
        actor=actor,
        filter_id=found.id,
        version=found.version,
        parameters=parameters,
        is_default=found.is_default or is_default,
    )


def delete_filter(*, uow: UnitOfWork, actor: Actor, filter_id: UUID, version: int | None = None) -> None:
    """Delete it. Raises NotFound, PreconditionFailed."""
    _locked(uow, actor, filter_id, version)
    uow.session.execute(delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == actor.id))


def _seen_by(actor: Actor, list_name: str) -> SavedList:
    what = LISTS.get(list_name)
    if what is None:
        raise InvalidFields(errors={"list": [NO_SUCH_LIST]})
    if not actor.may(what.permission):
        raise Forbidden(data={"permission": what.permission})
    return what


def _checked(uow: UnitOfWork, what: SavedList, parameters: Mapping[str, str]) -> dict[str, str]:
    """As they are stored; what they refer to is there now."""
    held = checked_parameters(what, parameters)
    gone = [
        name
        for name, kind, wanted in references(what, held)
        if uow.session.execute(_THERE[kind], {"wanted": wanted}).one_or_none() is None
    ]
    if gone:
        raise InvalidFields(errors={f"parameters.{name}": [NOT_OFFERED] for name in gone})
    return held


def _take_turns(uow: UnitOfWork, actor: Actor) -> None:
    uow.session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))


def _locked(uow: UnitOfWork, actor: Actor, filter_id: UUID, version: int | None) -> SavedFilter:
    _take_turns(uow, actor)
    statement = select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == actor.id)
    found = uow.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFound("filter")
    if version is not None and found.version != version:
        raise PreconditionFailed
    return found


def _no_default(uow: UnitOfWork, actor: Actor, list_name: str) -> None:
    """What was the list's default is not any more."""
    uow.session.execute(
        update(SavedFilter)
        .where(SavedFilter.user_id == actor.id, SavedFilter.list_name == list_name, SavedFilter.is_default)
        .values(is_default=False, version=SavedFilter.version + 1, updated_at=utc_now()),
        execution_options={"synchronize_session": False},
    )


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_saved_filters_name":
            raise FilterNameTaken(data={"field": "name"}) from err
        raise
