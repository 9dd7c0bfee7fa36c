"""Reminders of appointments by e-mail and SMS: what is planned, what patients wish, what became of each."""
