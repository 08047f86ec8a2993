"""The inbox of churn signals (guide, In the inbox)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from clynto.application.actor import Actor
from clynto.domain.connection import Mode
from clynto.domain.errors import NotFound
from clynto.domain.moments import UnixMicros
from clynto.domain.money import MoneyBag, major_text
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.domain.signal_cases import is_debt
from clynto.domain.signal_explanation import explain
from clynto.domain.signals import SignalType
from clynto.domain.stripe_links import invoice_url, subscription_url
from clynto.ports.signals import SignalOrder, SignalsQuery, StoredSignal
from clynto.ports.unit_of_work import UnitsOfWork

FoldKey = str
LARGEST_FOLD = 200
"""More than sixteen years of unpaid months on one subscription."""


@dataclass(frozen=True, slots=True)
class SignalLink:
    """``kind`` is ``invoice`` or ``subscription``; ``url`` opens it in Stripe's dashboard."""

    kind: str
    stripe_id: str
    url: str


@dataclass(frozen=True, slots=True)
class SignalShown:
    """A signal as people see it. ``amount`` is in the signal's own currency: it is a bill, not a total."""

    stored: StoredSignal
    amount: MoneyView
    explanation: str
    links: tuple[SignalLink, ...]


@dataclass(frozen=True, slots=True)
class InboxShown:
    """One page."""

    rows: tuple[SignalShown, ...]
    next_cursor: str | None


class ReadInbox:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor, query: SignalsQuery) -> InboxShown:
        """One page. Raises ``InvalidInput`` for a foreign cursor."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            page = uow.signals.page(query)
            mode = uow.connections.get().mode
        return InboxShown(tuple(signal_shown(stored, mode) for stored in page.rows), page.next_cursor)

    def folds(
        self, actor: Actor, query: SignalsQuery, rows: Sequence[SignalShown]
    ) -> Mapping[FoldKey, tuple[SignalShown, ...]]:
        """What each signal of a page of ``query`` belongs together with, on whichever page that stands; in its order.

        Signals without a subscription belong to nothing else and are left out.
        """
        actor.must_be(Role.MEMBER)
        subscriptions = dict.fromkeys(shown.stored.signal.subscription_id for shown in rows)
        found: dict[FoldKey, list[SignalShown]] = {}
        with self._units.reading(actor.workspace_id) as uow:
            mode = uow.connections.get().mode
            for subscription_id in subscriptions:
                if subscription_id is None:
                    continue
                own = replace(query, subscription_id=subscription_id, after=None, limit=LARGEST_FOLD)
                for stored in uow.signals.page(own).rows:
                    found.setdefault(fold_key(stored, query.order), []).append(signal_shown(stored, mode))
        return {key: tuple(signals) for key, signals in found.items()}

    def one(self, actor: Actor, signal_id: str) -> SignalShown:
        """One signal. Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            stored = uow.signals.get(signal_id)
            mode = uow.connections.get().mode
        if stored is None:
            raise NotFound
        return signal_shown(stored, mode)

    def open_counts(self, actor: Actor) -> Mapping[SignalType, int]:
        """How many are open, by type: for the navigation."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.signals.open_counts()

    def newest_change(self, actor: Actor) -> UnixMicros | None:
        """When anything last changed, so that an open page knows whether to look again."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.signals.newest_change()


def signal_shown(stored: StoredSignal, mode: Mode | None) -> SignalShown:
    """Put amount, explanation and links beside a stored signal."""
    signal = stored.signal
    links = []
    if signal.invoice_id is not None:
        links.append(SignalLink("invoice", signal.invoice_id, invoice_url(signal.invoice_id, mode)))
    if signal.subscription_id is not None:
        url = subscription_url(signal.subscription_id, mode)
        links.append(SignalLink("subscription", signal.subscription_id, url))
    return SignalShown(stored, _bill(signal.amount, signal.currency), explain(signal), tuple(links))


def fold_key(stored: StoredSignal, order: SignalOrder) -> FoldKey:
    """Equal for signals that stand on one card.

    The stages of one case always do: a refused renewal is both a failed and an overdue payment (billing rules 5.3).
    Most pressing first, so do all debts of one subscription, and all its signals of one other type: each unpaid
    month is a signal of its own (5.2), and twelve cards of one name would hide all others.
    """
    signal = stored.signal
    if order is SignalOrder.NEWEST or signal.subscription_id is None:
        return signal.case_key
    return f"{'debts' if is_debt(signal.case_key) else signal.type.value} of {signal.subscription_id}"


def together(signals: Sequence[SignalShown]) -> MoneyView | None:
    """What these signals come to; None for none of them, or where their currencies differ."""
    currencies = {shown.stored.signal.currency for shown in signals}
    if len(currencies) != 1:
        return None
    return _bill(sum((shown.stored.signal.amount for shown in signals), Fraction(0)), currencies.pop())


def _bill(amount: Fraction, currency: str) -> MoneyView:
    text = major_text(amount, currency)
    return MoneyView(text, currency, False, {currency: text}, (), MoneyBag.of(currency, amount).plain_sum)
