"""Purchases between two people, from the first question to the rating."""
