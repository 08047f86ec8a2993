"""Sealed credentials: HPKE over X25519 key files. The only home of ``cryptography``."""
