"""Results as text for people and programs: one file a format."""
