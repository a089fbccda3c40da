"""What anybody may read: a listing, its seller, how it all works."""
