"""What was known about a person or a place at a prediction time."""
