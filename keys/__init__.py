"""Key providers, envelopes, blind index, token-signing keys. Other folders import from `keys.public` only."""
