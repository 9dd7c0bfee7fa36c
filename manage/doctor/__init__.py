"""`sokham doctor`: what an installation stands on, checked one by one, each fault in plain words with its remedy."""
