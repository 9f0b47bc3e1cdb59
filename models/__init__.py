"""What is learned: fit, score, explain, save."""
