"""Two invented hospitals with a believable week, made through the same services as real data."""
