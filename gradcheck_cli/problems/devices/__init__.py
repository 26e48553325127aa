"""Arrays that lie elsewhere than numpy's: moved, and multiplied with directions, where they are."""
