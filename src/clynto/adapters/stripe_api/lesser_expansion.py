"""What to ask for when Stripe refuses to expand discounts: an expanded object may take a permission that is not among
the five (stripe_facts 1.4 and sources P2), and the list is worth more than its coupons."""

from __future__ import annotations

from clynto.adapters.stripe_api.refusals import Refusal

Parameters = tuple[tuple[str, str], ...]


def lesser_expansions(parameters: Parameters) -> tuple[Parameters, ...]:
    """The same parameters with less about discounts: first without the coupons' details, then with bare ids, which
    figures tell as "discounts not readable"."""
    plain = tuple(one for one in parameters if not _expands(one, ".coupon."))
    bare = tuple(one for one in plain if not _expands(one, "discount"))
    return tuple(one for one in dict.fromkeys((plain, bare)) if one != parameters)


def may_be_about_expansion(refusal: Refusal) -> bool:
    """Whether less may be granted: Stripe names none of the permissions that the list itself takes, or says that it is
    the expansion that it does not do."""
    if not refusal.from_stripe or refusal.lost_account:
        return False
    return (refusal.status == 403 and not refusal.permissions) or (refusal.status == 400 and refusal.about_expansion)


def _expands(parameter: tuple[str, str], part: str) -> bool:
    name, value = parameter
    return name == "expand[]" and part in value
