"""What hospitals' workers push and pull: wire schemas, ingest, changes, dead letters."""
