"""Who a patient is, and at which hospitals: persons found by blind index, never by a readable number."""
