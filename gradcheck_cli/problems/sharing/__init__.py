"""Sharing out the calls of a user's function among processes, or among the workers of a cluster."""
