"""Models that hold their own parameters: where these are, how they are set, and where their gradients are."""
