"""Fully connected networks, whose gradient is known to the last digits, and the fixtures that hold them."""
