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
from clynto.domain.signal_cases import is_lost_every_month, of_other_cases, stand_together
from clynto.domain.signal_explanation import explain
from clynto.domain.signals import Signal, SignalType
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
class SignalFold:
    """Signals that stand together, led by ``first``; ``others`` are further stages of its case, and other cases of the
    subscription. Those come to ``further`` on top of the amount of ``first``: None where there are none, or in several
    currencies. ``further_per_month``: that is lost every month."""

    first: SignalShown
    others: tuple[SignalShown, ...]
    further: MoneyView | None
    further_per_month: bool


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
                    found.setdefault(fold_key(stored.signal, query.order), []).append(signal_shown(stored, mode))
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
        """How many are open, by type."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.signals.open_counts()

    def open_cases(self, actor: Actor) -> int:
        """How many cards the open signals stand on, most pressing first: the figure of the navigation."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.signals.open_cases()

    def open_cards(self, actor: Actor, order: SignalOrder) -> Mapping[SignalType, int]:
        """How many cards the open signals of each type alone stand on, in an order.

        By time each open signal of one type is a case of its own (billing rules 5.1 to 5.5).
        """
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            by_time = order is SignalOrder.NEWEST
            return uow.signals.open_counts() if by_time else uow.signals.open_cases_by_type()

    def newest_change(self, actor: Actor) -> UnixMicros | None:
        """When anything last changed, so that an open page knows whether to look again."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.signals.newest_change()


def fold_key(signal: Signal, order: SignalOrder) -> FoldKey:
    """Equal for signals that stand on one card (``stand_together``)."""
    return stand_together(signal, by_time=order is SignalOrder.NEWEST)


def folded(rows: Sequence[SignalShown], order: SignalOrder) -> tuple[SignalFold, ...]:
    """One fold for signals that belong together. The first of them stands for them, and keeps its place."""
    groups: dict[FoldKey, list[SignalShown]] = {}
    for shown in rows:
        groups.setdefault(fold_key(shown.stored.signal, order), []).append(shown)
    return tuple(_fold(first, others) for first, *others in groups.values())


def whole_folds(
    rows: Sequence[SignalShown], folds: Mapping[FoldKey, Sequence[SignalShown]], order: SignalOrder
) -> tuple[SignalShown, ...]:
    """The signals of a page that would hold ``rows`` one by one, each fold of it whole.

    A fold is whole on the page that its first signal stands on, and none begins again on a later one.
    """
    here = {shown.stored.id for shown in rows}
    found: dict[str, SignalShown] = {}
    for shown in rows:
        fold = folds.get(fold_key(shown.stored.signal, order)) or (shown,)
        if fold[0].stored.id in here:
            found.update((one.stored.id, one) for one in fold)
    return tuple(found.values())


def _fold(first: SignalShown, others: Sequence[SignalShown]) -> SignalFold:
    leading = first.stored.signal
    further = of_other_cases(leading, [one.stored.signal for one in others])
    return SignalFold(first, tuple(others), together(further), is_lost_every_month(leading))


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


def together(signals: Sequence[Signal]) -> MoneyView | None:
    """What these signals come to; None for none of them, or where their currencies differ."""
    currencies = {signal.currency for signal in signals}
    if len(currencies) != 1:
        return None
    return _bill(sum((signal.amount for signal in signals), Fraction(0)), currencies.pop())


def _bill(amount: Fraction, currency: str) -> MoneyView:
    text = major_text(amount, currency)
    return MoneyView(text, currency, False, {currency: text}, (), MoneyBag.of(currency, amount).plain_sum)
