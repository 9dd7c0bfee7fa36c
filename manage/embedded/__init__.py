"""PostgreSQL and Redis from wheels, for a machine that has neither. Production points at servers of its own."""
