"""Sends events to webhook endpoints the way Stripe does: signed, repeated, not always in order."""
