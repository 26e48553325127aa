"""The user's code: notebooks and scripts of which only a part is wanted, and the files that a course's code lacks."""
