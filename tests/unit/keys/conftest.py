"""Property tests here are not timed: on a busy machine a deadline fails for reasons that are not the code's."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
