"""The API of this app: HTTP in, HTTP out, over the same querysets and services as the pages."""
