"""Staff: signing in at their hospital, and being recognised in each request."""
