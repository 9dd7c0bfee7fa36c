"""Appointments: a doctor's time, given to one patient at a time."""
