"""When each doctor works: a weekly schedule, and the days that are otherwise."""
