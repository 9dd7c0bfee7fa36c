"""What every process shares; it knows nothing of hospitals' work and imports nothing of the project."""
