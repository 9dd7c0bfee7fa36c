"""The process that does what nobody asks for at the moment: seals the audit logs, makes partitions, prunes."""
