"""Engines' options, the unit of work, and the columns that every table shares."""
