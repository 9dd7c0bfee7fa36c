"""What administrators did, and what looked like an attack: append-only."""
