"""Turns the sandbox's records into Stripe payloads of any API version."""
