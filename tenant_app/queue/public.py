"""What other folders may use of the waiting queue."""

from tenant_app.queue.arrivals import Arrival, take, transfer
from tenant_app.queue.errors import AlreadyWaiting, NobodyWaiting, StepNotAllowed, UndoNotPossible
from tenant_app.queue.figures import DepartmentFigures, Figures, HourFigures, figures
from tenant_app.queue.models import PRIORITIES
from tenant_app.queue.own import OwnNumber, own_numbers, read_own_numbers
from tenant_app.queue.queries import EntryRow, Filter, Line, can_be_undone, entry, last_calls, last_room, line
from tenant_app.queue.rules import STEPS, masked_name, possible_steps, priority_by_age
from tenant_app.queue.service import call_next, read, read_line, read_list, step, undo

__all__ = [
    "PRIORITIES",
    "STEPS",
    "AlreadyWaiting",
    "Arrival",
    "DepartmentFigures",
    "EntryRow",
    "Figures",
    "Filter",
    "HourFigures",
    "Line",
    "NobodyWaiting",
    "OwnNumber",
    "StepNotAllowed",
    "UndoNotPossible",
    "call_next",
    "can_be_undone",
    "entry",
    "figures",
    "last_calls",
    "last_room",
    "line",
    "masked_name",
    "own_numbers",
    "possible_steps",
    "priority_by_age",
    "read",
    "read_line",
    "read_list",
    "read_own_numbers",
    "step",
    "take",
    "transfer",
    "undo",
]
