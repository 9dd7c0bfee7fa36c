"""The composition root: settings → what each process works with. Nothing else knows how the parts fit together.

A module for each process, so that a process holds the code it runs and none of the others'.
"""
