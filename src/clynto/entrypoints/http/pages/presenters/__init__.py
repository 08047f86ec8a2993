"""How figures, moments and states are put for people: pure functions, one area of the product each."""
