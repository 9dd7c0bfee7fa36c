"""Live updates of a hospital: what is told when something changes, whom it concerns, and who is connected now."""
