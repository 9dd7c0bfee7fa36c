"""The registry: which hospitals there are, where their databases stand, and who may open them."""
