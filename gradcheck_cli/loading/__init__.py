"""What comes in: the arrays of .npz files and functions in the user's own files."""
