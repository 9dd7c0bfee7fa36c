"""`python -m manage`: the `sokham` command."""

from manage.cli import main

main()
