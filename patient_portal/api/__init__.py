"""The portal under /api/v1, as contract.md has it."""
