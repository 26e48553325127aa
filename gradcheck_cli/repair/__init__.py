"""From a wrong gradient to the line that is wrong, and to a change of it that was verified."""
