"""Central: which hospitals there are, where a patient has a book, and how a request finds the right database."""
