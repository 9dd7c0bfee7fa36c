"""The process of live updates: it tells each hospital's browsers that something changed, and shows nothing itself."""
