"""A run as one HTML page that needs nothing else: no script, no network; light and dark, on a phone and on paper."""
