"""What central must learn of this hospital: rows written in the same transaction as what they tell of."""
