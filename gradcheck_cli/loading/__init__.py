"""What comes in: the arrays of .npz and .json files and functions in the user's own files."""
