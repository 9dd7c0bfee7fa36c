"""How much a hospital is used: what central is told of each day."""
