"""The seller's desk: who called and texted, and how the listings do."""
