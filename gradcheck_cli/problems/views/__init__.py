"""What is asked of a problem, seen in another way."""
