"""Finding: pages of listings, narrowed and in order."""
