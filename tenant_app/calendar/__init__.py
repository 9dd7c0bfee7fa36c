"""When the hospital works: its hours, and the days on which it is closed."""
