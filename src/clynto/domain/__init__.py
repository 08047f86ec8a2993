"""The rules, pure: values in, values out. Standard library only; no clock, randomness, I/O or environment."""
