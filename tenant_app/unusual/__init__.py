"""Access that stands out: found from the audit log by a job, looked at by people. It never blocks care."""
