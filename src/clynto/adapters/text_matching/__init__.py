"""Fuzzy matching of words with rapidfuzz."""
