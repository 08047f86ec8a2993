"""The machine itself: time, randomness, password hashing."""
