"""Central as a Flask app."""
