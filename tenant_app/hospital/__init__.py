"""The hospital itself: whose database this is, and what it says of itself."""
