"""A patient's own appointments: over all their hospitals, and booked or cancelled at one of them."""
