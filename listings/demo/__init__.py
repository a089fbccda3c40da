"""A marketplace to look at: what Tom and Beth have for sale, and its pictures."""
