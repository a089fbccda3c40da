"""A person's own data: taken away as a file, or deleted."""
