"""The use cases: a problem in, a report out."""
