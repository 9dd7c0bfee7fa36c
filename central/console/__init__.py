"""The administrators' console: pages, and the API about hospitals, operations, the index and the sync."""
