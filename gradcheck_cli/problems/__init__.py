"""What is checked: parameters, a loss, and the gradient that is claimed for it."""
