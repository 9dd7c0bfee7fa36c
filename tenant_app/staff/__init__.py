"""People who work in the hospital: accounts, departments, roles and what these permit."""
