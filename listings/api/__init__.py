"""The public REST API, and the page on which a person makes tokens for it."""
