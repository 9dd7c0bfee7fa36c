"""What gunicorn calls: a module for each web process with one function, `manage.entry.staff:app()`."""
