"""What all rooms speak: errors, results, settings, named arrays, text, and who watches."""
