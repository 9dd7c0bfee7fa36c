"""The web kit: one way of building each portal's Flask app."""
