"""All evaluations of a function: counted, kept, bounded, and shared out among processes or the workers of a cluster."""
