"""Favourites and saved searches."""
