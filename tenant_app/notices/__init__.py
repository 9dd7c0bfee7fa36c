"""Notices: what a member of staff should know soon. They say that something happened; what, the thing itself says."""
