"""How far somebody's roles reach: the whole hospital, or the departments in which they work (docs/adr/0013)."""
