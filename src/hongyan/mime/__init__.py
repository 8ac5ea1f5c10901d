"""Reading and composing MIME."""
