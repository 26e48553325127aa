"""The files that come with the course's exercise, where they are missing beside somebody's code."""
