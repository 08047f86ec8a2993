"""Invents a seller's customer base and plays its past up to now."""
