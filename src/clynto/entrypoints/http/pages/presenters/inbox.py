"""Signals as cards, and the inbox as its address tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import urlencode

from clynto.application.queries.read_inbox import SignalFold, SignalShown
from clynto.application.queries.signal_cases import SignalCase
from clynto.domain.errors import InvalidInput
from clynto.domain.money_view import MoneyView
from clynto.domain.signal_cases import PER_MONTH
from clynto.domain.signals import CancellationStage, SignalOutcome, SignalType
from clynto.entrypoints.http.pages.presenters.badges import SEVERITY, Badge
from clynto.entrypoints.http.pagination import cursor_to, position_of
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsQuery, StoredSignal

PATH = "/inbox"
PAGE_SIZE = 50

TYPE_WORDS: Mapping[SignalType, str] = MappingProxyType(
    {
        SignalType.PAYMENT_FAILED: "Payment failed",
        SignalType.PAYMENT_OVERDUE: "Payment overdue",
        SignalType.SUBSCRIPTION_CANCELED: "Subscription canceled",
        SignalType.SUBSCRIPTION_DOWNGRADED: "Subscription downgraded",
    }
)
"""The guide's own words."""

VIEW_WORDS: Mapping[InboxStatus, str] = MappingProxyType(
    {InboxStatus.OPEN: "Open", InboxStatus.RESOLVED: "Resolved", InboxStatus.DISMISSED: "Dismissed"}
)

VIEW_LEADS: Mapping[InboxStatus, str] = MappingProxyType(
    {
        InboxStatus.OPEN: "What may cost you a customer, {order} first{cards}. It updates by itself.",
        InboxStatus.RESOLVED: "What is over, {order} first, and how it ended.",
        InboxStatus.DISMISSED: "What somebody put aside, {order} first. Reopen what deserves another look.",
    }
)

_OUTCOMES: Mapping[SignalOutcome, Badge] = MappingProxyType(
    {
        SignalOutcome.PAID: Badge("good", "disc", "Paid"),
        SignalOutcome.VOIDED: Badge("plain", "pause", "Invoice voided"),
        SignalOutcome.WRITTEN_OFF: Badge("bad", "square-x", "Written off"),
        SignalOutcome.SUBSCRIPTION_ENDED: Badge("bad", "square-x", "Subscription ended"),
        SignalOutcome.RECOVERED: Badge("good", "disc", "Recovered"),
        SignalOutcome.PAUSED: Badge("plain", "pause", "Paused"),
        SignalOutcome.UNDONE: Badge("good", "disc", "Cancellation withdrawn"),
        SignalOutcome.SUPERSEDED_BY_CANCELLATION: Badge("warn", "triangle", "Canceled instead"),
    }
)
"""Not everything that is over ended well: lost money and lost customers do not look like those that came back."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a story; ``is_here`` marks the card's own signal."""

    word: str
    at: int
    is_open: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class SignalCard:
    """A signal with everything its card says. ``others`` stand folded up on the same card, and come to
    ``others_amount`` (``SignalFold``)."""

    shown: SignalShown
    case: SignalCase
    word: str
    severity: Badge
    per_month: bool
    outcome: Badge | None
    stages: tuple[Stage, ...]
    others: tuple[SignalCard, ...] = ()
    others_amount: MoneyView | None = None
    others_per_month: bool = False

    @property
    def case_key(self) -> str:
        """The story that the signal is a stage of."""
        return self.shown.stored.signal.case_key

    @property
    def stages_with_it(self) -> tuple[SignalCard, ...]:
        """Those of ``others`` that are stages of the same case: who puts the card aside means them as well."""
        return tuple(one for one in self.others if one.case_key == self.case_key)

    @property
    def others_words(self) -> str:
        """How many are folded up, and what they are."""
        count = f"{len(self.others):,}"
        if len(self.stages_with_it) == len(self.others):
            return f"{count} more {'stage' if len(self.others) == 1 else 'stages'} of this case"
        alike = {one.word for one in self.others} == {self.word}
        return f"{count} {'earlier' if alike else 'more'} on this subscription"


@dataclass(frozen=True, slots=True)
class InboxView:
    """Which signals are looked at, and in which order."""

    status: InboxStatus = InboxStatus.OPEN
    type: SignalType | None = None
    order: SignalOrder = SignalOrder.SEVERITY
    cursor: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> InboxView:
        """Read from an address. Raises ``InvalidInput`` for words that no link of ours has."""
        try:
            status = InboxStatus(arguments.get("status") or InboxStatus.OPEN)
            return cls(
                status=status,
                type=SignalType(arguments["type"]) if arguments.get("type") else None,
                order=SignalOrder(arguments.get("order") or _usual_order(status)),
                cursor=arguments.get("cursor") or None,
            )
        except ValueError:
            raise InvalidInput({"status": "There is no such view of the inbox."}) from None

    @property
    def query(self) -> SignalsQuery:
        """What to ask for."""
        return SignalsQuery(
            types=frozenset({self.type} if self.type else ()),
            statuses=frozenset({self.status}),
            order=self.order,
            limit=PAGE_SIZE,
            after=position_of(self.cursor),
        )

    @property
    def here(self) -> str:
        """This very page."""
        return self._url()

    @property
    def lead(self) -> str:
        """What the view holds, in its order."""
        by_time = self.order is SignalOrder.NEWEST
        return VIEW_LEADS[self.status].format(
            order="newest" if by_time else "most pressing",
            # Then there are more cards than the navigation counts.
            cards=", each unpaid invoice on a card of its own" if by_time else "",
        )

    @property
    def first_url(self) -> str:
        """Back to the beginning."""
        return replace(self, cursor=None)._url()

    @property
    def status_links(self) -> tuple[tuple[str, str, bool], ...]:
        """(words, address, chosen) of each view."""
        chosen = None if self.order is _usual_order(self.status) else self.order
        return tuple(
            (
                words,
                replace(self, status=status, order=chosen or _usual_order(status), cursor=None)._url(),
                status is self.status,
            )
            for status, words in VIEW_WORDS.items()
        )

    @property
    def type_links(self) -> tuple[tuple[SignalType, str, str, bool], ...]:
        """(type, words, address, chosen) of each filter; the chosen one again takes it away."""
        return tuple(
            (
                kind,
                words,
                replace(self, type=None if kind is self.type else kind, cursor=None)._url(),
                kind is self.type,
            )
            for kind, words in TYPE_WORDS.items()
        )

    @property
    def order_links(self) -> tuple[tuple[str, str, bool], ...]:
        """(words, address, chosen) of each order."""
        return tuple(
            (words, replace(self, order=order, cursor=None)._url(), order is self.order)
            for order, words in ((SignalOrder.SEVERITY, "Most pressing"), (SignalOrder.NEWEST, "Newest"))
        )

    def next_url(self, next_cursor: str | None) -> str | None:
        """The page after."""
        return None if next_cursor is None else replace(self, cursor=cursor_to(next_cursor))._url()

    def _of_type(self, kind: SignalType | None) -> str:
        return replace(self, type=kind, cursor=None)._url()

    def _url(self) -> str:
        words = {
            "status": "" if self.status is InboxStatus.OPEN else self.status.value,
            "type": self.type.value if self.type else "",
            "order": "" if self.order is _usual_order(self.status) else self.order.value,
            "cursor": self.cursor or "",
        }
        said = {name: word for name, word in words.items() if word}
        return f"{PATH}?{urlencode(said)}" if said else PATH


def _usual_order(status: InboxStatus) -> SignalOrder:
    """What is over or put aside presses nobody: there the newest is sought."""
    return SignalOrder.SEVERITY if status is InboxStatus.OPEN else SignalOrder.NEWEST


def putting_aside_id(signal_id: str) -> str:
    """The id of the button that dismisses or reopens a signal on its card."""
    return f"aside-{signal_id}"


def cards_of(folds: Sequence[SignalFold], cases: Mapping[str, SignalCase]) -> tuple[SignalCard, ...]:
    """The cards of a page, one for signals that stand together."""
    return tuple(
        replace(
            _card(fold.first, cases[fold.first.stored.id]),
            others=tuple(_card(other, cases[other.stored.id]) for other in fold.others),
            others_amount=fold.further,
            others_per_month=fold.further_per_month,
        )
        for fold in folds
    )


def _card(shown: SignalShown, case: SignalCase) -> SignalCard:
    signal = shown.stored.signal
    return SignalCard(
        shown=shown,
        case=case,
        word=TYPE_WORDS[signal.type],
        severity=SEVERITY[case.severity],
        per_month=signal.type in PER_MONTH,
        outcome=_OUTCOMES[signal.outcome] if signal.outcome else None,
        stages=tuple(
            Stage(_stage_word(stage), stage.signal.occurred_at, stage.signal.is_open, stage.id == shown.stored.id)
            for stage in case.stages
        ),
    )


def _stage_word(stored: StoredSignal) -> str:
    signal = stored.signal
    if signal.stage is CancellationStage.SCHEDULED:
        return "Cancellation scheduled"
    return TYPE_WORDS[signal.type]
