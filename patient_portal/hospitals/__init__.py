"""The hospitals of one session: the account's own, and those that were linked with their own codes."""
