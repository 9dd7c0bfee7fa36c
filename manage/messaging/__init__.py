"""The ways of sending that the settings give an installation."""
