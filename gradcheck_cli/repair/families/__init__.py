"""Kinds of edits, each in a file of its own."""
