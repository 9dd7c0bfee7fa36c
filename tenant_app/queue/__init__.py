"""The waiting queue: who has come, in which department, and who is called next."""
