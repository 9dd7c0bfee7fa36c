"""Audit logs as chains: a seal signs a run of rows and the seal before it, so that no row goes or comes unseen."""
