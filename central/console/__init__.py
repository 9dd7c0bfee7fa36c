"""The administrators' console: pages and API."""
