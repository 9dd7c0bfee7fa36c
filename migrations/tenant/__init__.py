"""Migrations of a hospital's database.

How a revision is written here (see also `migrations.runner`):

- It runs as `pg_database_owner`, which owns every object: in each database that role stands for the database's owner,
  so a clone of the template belongs to its hospital's `migrate` role without touching a single object.
- No role of any one hospital is named in a revision: the template is shared. A revision that adds tables or functions
  adds or replaces ONE function `grant_<area>(app name, portal name, sync name, seal name) RETURNS void` (plpgsql,
  `EXECUTE format('GRANT … TO %I', …)`, no SECURITY DEFINER), which says the rights of each purpose. After each upgrade,
  and once after a clone, every function `grant_*` with these four arguments is called with that hospital's roles, so it
  must be repeatable (policies: DROP POLICY IF EXISTS first).
- PUBLIC has nothing: neither on the database and the schema, nor EXECUTE on functions (default privileges see to that).
- `migrations.tenant.models` imports every module that adds tables, so that a test can compare.
- Login roles of a later credential rotation are members of `<database>_app` and so on, so rights and policies for the
  base roles hold for them too.
"""
