"""What sellers do with their own listings."""
