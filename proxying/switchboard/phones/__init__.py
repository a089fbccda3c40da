"""The phones of the virtual carrier: a page to use them by hand, a JSON API to drive them."""
