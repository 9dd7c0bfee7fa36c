"""Everything that happened with one patient, in one order: read across the hospital's features, writes nothing."""
