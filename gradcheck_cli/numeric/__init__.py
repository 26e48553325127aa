"""The numeric gradient, from losses alone."""
