"""What a hospital may set for itself: a catalogue in code, and a row for each setting that differs from its default."""
