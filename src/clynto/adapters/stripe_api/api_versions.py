"""The only two API versions that are ever asked for (stripe_facts 1.4; issue: item 5)."""

NEWEST = "2026-10-28.endive"
"""Pause reasons and trials of single items exist from here on."""

WITH_INLINE_COUPONS = "2025-08-27.basil"
"""The last family whose discounts carry the whole coupon; later ones need a sixth permission to read it."""
