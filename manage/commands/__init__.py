"""The commands of `sokham`, a module each.

A module `some_name.py` defines a click command or group `some_name`, which is called `some-name` on the command line.
The first line of its docstring is its line in `sokham --help`, which is shown without importing the module.
"""
