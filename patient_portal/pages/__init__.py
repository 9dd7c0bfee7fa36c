"""The pages, one blueprint a task. They call the same services as the API."""
