"""What other folders may use of appointments."""

from tenant_app.appointments.around import (
    MoveRow,
    calendar_rows,
    doctor_day,
    hit_by_absences,
    move_row,
    moves_of,
    taken_elsewhere,
    to_move,
)
from tenant_app.appointments.calendar_file import MIMETYPE, calendar_file, file_name
from tenant_app.appointments.closing import cancel_coming, coming
from tenant_app.appointments.errors import OutsideSchedule, SlotTaken, TransitionNotAllowed
from tenant_app.appointments.free_times import (
    LENGTHS,
    USUAL_MINUTES,
    DoctorDay,
    Slot,
    free_slots,
)
from tenant_app.appointments.models import APPOINTMENT_STATUSES, APPOINTMENT_TYPES, Appointment
from tenant_app.appointments.moving import Destination, Moved, move, undo_move
from tenant_app.appointments.queries import (
    AppointmentRow,
    BusyTime,
    Filter,
    appointment,
    appointments_of,
    busy_times,
    count_by_status,
    latest_before,
    list_appointments,
)
from tenant_app.appointments.rules import MOVABLE, TRANSITIONS, possible_actions
from tenant_app.appointments.service import Booking, act, book, read, read_list

__all__ = [
    "APPOINTMENT_STATUSES",
    "APPOINTMENT_TYPES",
    "LENGTHS",
    "MIMETYPE",
    "MOVABLE",
    "TRANSITIONS",
    "USUAL_MINUTES",
    "Appointment",
    "AppointmentRow",
    "Booking",
    "BusyTime",
    "Destination",
    "DoctorDay",
    "Filter",
    "MoveRow",
    "Moved",
    "OutsideSchedule",
    "Slot",
    "SlotTaken",
    "TransitionNotAllowed",
    "act",
    "appointment",
    "appointments_of",
    "book",
    "busy_times",
    "calendar_file",
    "calendar_rows",
    "cancel_coming",
    "coming",
    "count_by_status",
    "doctor_day",
    "file_name",
    "free_slots",
    "hit_by_absences",
    "latest_before",
    "list_appointments",
    "move",
    "move_row",
    "moves_of",
    "possible_actions",
    "read",
    "read_list",
    "taken_elsewhere",
    "to_move",
    "undo_move",
]
