"""Name the mistake in a gradient and the line it is on."""
