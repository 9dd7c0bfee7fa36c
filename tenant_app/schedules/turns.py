"""Who books a doctor and who changes the doctor's hours take turns, for the length of a transaction.

Those who book hold the schedule together; whoever changes it waits for them, and they for the change. So nobody is
booked by hours that have just been taken away, and whoever takes hours away sees every appointment that is hit.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import Text, bindparam, text

from kernel.database.unit_of_work import UnitOfWork

_KEY: Final = bindparam("doctor", type_=Text)
_SHARED: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('schedule:' || :doctor, 0))").bindparams(
    _KEY
)
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('schedule:' || :doctor, 0))").bindparams(_KEY)


def hold_schedule(uow: UnitOfWork, doctor_id: UUID) -> None:
    """The doctor's hours stay as they are until this transaction ends."""
    uow.session.execute(_SHARED, {"doctor": str(doctor_id)})


def take_schedule(uow: UnitOfWork, doctor_id: UUID) -> None:
    """Nobody else books this doctor or changes the hours until this transaction ends."""
    uow.session.execute(_ALONE, {"doctor": str(doctor_id)})
