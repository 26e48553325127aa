"""The user's own functions: how they are called, what they return, and the problems that are made of them."""
