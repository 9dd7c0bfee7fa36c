"""Migrations of central's database. They run as its owner, `sokham_owner`; roles are named in `central.roles`."""
