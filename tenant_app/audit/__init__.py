"""Who saw or changed what: one row an access, in the transaction of the access, never changed again."""
