"""Keeps the processes of one machine running: starts, restarts, drains, and cleans up after a killed supervisor.

Why this and not the package supervisor: docs/adr/0002-supervision.md.
"""
