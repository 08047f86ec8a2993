"""What webhook bodies of older API versions have no place for: item trials, discounts of items, more than one discount.

Taken for "none", an old body would end a trial or a discount that runs (stripe_facts 1.2 and 1.5; guarantee 7, G1).
"""

from __future__ import annotations

from dataclasses import replace

from clynto.domain.subscription import Subscription, SubscriptionItem


def completed_from(told: Subscription, known: Subscription | None) -> Subscription:
    """``told`` with what it has no place for taken from ``known``: what nobody spoke of stays as it was."""
    if known is None:
        return told
    items = {item.id: item for item in known.items}
    return replace(
        told,
        discounts=known.discounts if _hides_discounts(told, known) else told.discounts,
        items=tuple(_completed_item(item, items.get(item.id)) for item in told.items),
    )


def leaves_open(told: Subscription, known: Subscription | None) -> bool:
    """Whether only Stripe can say what ``told`` has no place for.

    That is so for what was not known before, and where nothing that can be seen has changed: then what changed is
    something that cannot be seen. Whatever is over has no running trial and no running discount.
    """
    if told.is_ended or (all(item.discounts_told and item.trial_told for item in told.items) and told.discounts_told):
        return False
    if known is None:
        return True
    priced = {item.id: item.price and item.price.id for item in known.items}
    if any((item.price and item.price.id) != priced.get(item.id) for item in told.items):
        return True
    return _looks_like(completed_from(told, known), known) or _shows_another_discount(told, known)


def _looks_like(told: Subscription, known: Subscription) -> bool:
    """Equal but for the periods of single items: older bodies have one for the whole subscription."""
    same_period = told.current_period_end == known.current_period_end
    return same_period and _without_periods(told) == _without_periods(known)


def _without_periods(subscription: Subscription) -> Subscription:
    items = tuple(replace(item, period_start=None, period_end=None) for item in subscription.items)
    return replace(subscription, items=items)


def _hides_discounts(told: Subscription, known: Subscription) -> bool:
    return not told.discounts_told and bool(told.discounts) and not _shows_another_discount(told, known)


def _shows_another_discount(told: Subscription, known: Subscription) -> bool:
    """A body that shows one discount shows the first; it says nothing of those behind it."""
    if told.discounts_told:
        return False
    return [one.id for one in told.discounts] != [one.id for one in known.discounts[:1]]


def _completed_item(told: SubscriptionItem, known: SubscriptionItem | None) -> SubscriptionItem:
    if known is None or (told.discounts_told and told.trial_told):
        return told
    return replace(
        told,
        discounts=told.discounts if told.discounts_told else known.discounts,
        trial_end=told.trial_end if told.trial_told else known.trial_end,
    )
