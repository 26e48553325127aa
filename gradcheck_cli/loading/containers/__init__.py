"""Kinds of files that hold arrays, besides .npz and JSON: each is read without running or believing anything in it."""
