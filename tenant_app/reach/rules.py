"""How far the roles of whoever asks reach, as this transaction knows it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork

T = TypeVar("T")

# What a role may reach, as `roles.reach` keeps it.
DEPARTMENTS: Final = "departments"
HOSPITAL: Final = "hospital"
REACHES: Final = (DEPARTMENTS, HOSPITAL)

REACH: Final = "sokham.reach"
BEYOND: Final = "sokham.beyond_reach"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """The departments in which somebody works, and who they are: what is their own they see wherever it is."""

    user_id: UUID
    departments: frozenset[UUID]


def reach_of(uow: UnitOfWork) -> Reach | None:
    """What limits this transaction; None where nothing does: the whole hospital, a job, a patient."""
    found: Reach | None = uow.session.info.get(REACH)
    return None if uow.session.info.get(BEYOND) else found


def reaches(uow: UnitOfWork, department_id: UUID | None, *, of: UUID | None = None) -> bool:
    """Whether whoever asks works in a department; or it is about them, where it is about one person (`of`)."""
    reach = reach_of(uow)
    return reach is None or department_id in reach.departments or of == reach.user_id


def only_reached(uow: UnitOfWork, rows: Iterable[T], *, department: Callable[[T], UUID]) -> list[T]:
    """Those of `rows` that belong to a department within reach, for lists and choices."""
    return [row for row in rows if reaches(uow, department(row))]


@contextmanager
def beyond_reach(uow: UnitOfWork) -> Iterator[None]:
    """What is decided here must know of all departments, though nobody is shown more than what comes of it."""
    before = uow.session.info.get(BEYOND, False)
    uow.session.info[BEYOND] = True
    try:
        yield
    finally:
        uow.session.info[BEYOND] = before
