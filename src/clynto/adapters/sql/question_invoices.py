"""Invoices over all accounts or of one, in the order that is asked for, with how many there are and what is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, and_, case, cast, func, literal_column, or_, select

from clynto.adapters.sql.codec_invoices import invoice_of
from clynto.adapters.sql.column_types import AMOUNT, is_any_of, unindexed
from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.exact_amounts import halves, of_halves
from clynto.adapters.sql.question_amounts import LEFT_TO_PAY, is_open
from clynto.adapters.sql.question_billed import SqlBilled
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import IN_INDEXES, stripe_invoices
from clynto.domain.invoice import NOT_SHOWN, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import THREE_DECIMAL_CURRENCIES, USUAL_DIGITS, ZERO_DECIMAL_CURRENCIES, MoneyBag
from clynto.domain.questions.lists import BY_AMOUNT, OWED, InvoiceOrder, InvoiceWord
from clynto.domain.questions.shown_bounds import UNBOUNDED, AmountBounds
from clynto.ports.question_data import Found, InvoiceCondition, OwnedInvoice, Received, Stretch
from clynto.ports.read_models import InvoiceRow

_STATUS = {
    InvoiceWord.PAID: InvoiceStatus.PAID,
    InvoiceWord.UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    InvoiceWord.VOID: InvoiceStatus.VOID,
}
_NOT_SHOWN = ("lines", *IN_INDEXES)
"""All but the first stand in ``head``, and behind the lines."""
_AMOUNT_DUE, _DUE_DATE = 1, 7
"""Places inside ``head`` (see ``codec_invoices``)."""
_UNUSUAL = {0: ZERO_DECIMAL_CURRENCIES, 3: THREE_DECIMAL_CURRENCIES}


class SqlQuestionInvoices:
    """Rows behind an answer."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._postgresql = scope.connection.dialect.name == "postgresql"

    def invoices(
        self, wanted: InvoiceCondition, now: UnixTime, limit: int, order: InvoiceOrder, weights: Mapping[str, int]
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """Those that are wanted, in order."""
        table = stripe_invoices
        if wanted.which not in OWED and wanted.account_id is None and order in BY_AMOUNT:
            plain = self._conditions(replace(wanted, currency=None, bounds=UNBOUNDED, created=None), now)
            total, largest = SqlBilled(self._scope).by_amount(wanted, plain, order, limit, weights)
            return Found(total, MoneyBag.empty()), self._shown(largest)
        if wanted.paid is not None and wanted.account_id is None:
            paid, newest_paid = SqlBilled(self._scope).by_payment(wanted.paid, wanted.currency, order, limit)
            return Found(paid.invoices, MoneyBag.empty(), paid.amounts), self._shown(newest_paid)
        conditions = self._conditions(wanted, now)
        newest = select(table.c.id).where(*conditions).order_by(*self._order(wanted, order, weights)).limit(limit)
        # The ids come from an index; only the rows that are shown are opened.
        ids = self._scope.connection.scalars(newest).all()
        return self._found(wanted, conditions), self._shown(ids)

    def received_from(self, account_id: str, within: Stretch, currency: str | None) -> Received:
        """What one account paid in the stretch; the few invoices of its customers are looked at."""
        wanted = InvoiceCondition(InvoiceWord.PAID, account_id, currency=currency, paid=within)
        found = self._found(wanted, self._conditions(wanted, UnixTime(0)))
        return Received(found.total, found.paid)

    def _shown(self, ids: Sequence[str]) -> list[OwnedInvoice]:
        table = stripe_invoices
        shown = (
            select(
                *(column for column in table.c if column.name not in _NOT_SHOWN),
                accounts.c.id.label("owner"),
                accounts.c.name,
            )
            .select_from(with_owner(table))
            .where(self._scope.here(table), is_any_of(table.c.id, ids))
        )
        # Put in order here: asked for it, SQLite would walk along all invoices in that order to find these.
        held: dict[str, Any] = {row.id: row for row in self._scope.connection.execute(shown)}
        return [
            OwnedInvoice(InvoiceRow.of(invoice_of(held[id_], None)), held[id_].owner, held[id_].name) for id_ in ids
        ]

    def _found(self, wanted: InvoiceCondition, conditions: Sequence[ColumnElement[bool]]) -> Found:
        table, owed, named = stripe_invoices, wanted.which in OWED, wanted.account_id is not None
        if not (owed or named):
            total = self._scope.connection.scalar(select(func.count()).select_from(table).where(*conditions))
            return Found(total or 0, MoneyBag.empty())
        # In halves: SQLite ends a statement whose sum exceeds 64 bits. What was paid stands in no index: it is looked
        # up for the invoices of one account alone.
        sums = halves(LEFT_TO_PAY, "left") if owed else []
        sums += halves(table.c.amount_paid, "paid") if named else []
        # The few of one account are grouped where they are found: along an index of currencies all would be read.
        currency: ColumnElement[str] = unindexed(table.c.currency) if named else table.c.currency
        query = select(currency.label("currency"), func.count().label("total"), *sums).where(*conditions)
        total, left, paid = 0, MoneyBag.empty(), MoneyBag.empty()
        for row in self._scope.connection.execute(query.group_by(currency)):
            total += row.total
            left = left + MoneyBag.of(row.currency, of_halves(row.left_high, row.left_low)) if owed else left
            paid = paid + MoneyBag.of(row.currency, of_halves(row.paid_high, row.paid_low)) if named else paid
        return Found(total, left, paid)

    def _order(
        self, wanted: InvoiceCondition, order: InvoiceOrder, weights: Mapping[str, int]
    ) -> list[ColumnElement[Any]]:
        table = stripe_invoices
        if order in BY_AMOUNT:
            currencies = sorted(weights.items())
            weight = case(*((table.c.currency == currency, held) for currency, held in currencies), else_=1)
            amount = cast(self._amount(wanted.which), Numeric)
            key: ColumnElement[Any] = amount * weight if currencies else amount
        else:
            # A few are put in order: along the order of all they would be sought among a million.
            moment = table.c.created if wanted.paid is None else table.c.paid_at
            key = unindexed(moment) if _are_few(wanted, order) else moment
        if order in (InvoiceOrder.NEWEST, InvoiceOrder.LARGEST):
            return [key.desc(), table.c.id.desc()]
        return [key, table.c.id]

    def _conditions(self, wanted: InvoiceCondition, now: UnixTime) -> list[ColumnElement[bool]]:
        table = stripe_invoices
        found = [self._scope.here(table), *self._state(wanted.which, now)]
        if wanted.created is not None:
            found += _within(table.c.created, wanted.created)
        if wanted.due is not None:
            found += _within(self._in_head(_DUE_DATE), wanted.due)
        if wanted.paid is not None:
            found += [*_within(unindexed(table.c.paid_at), wanted.paid), table.c.amount_paid > 0]
        if wanted.account_id is not None:
            found.append(table.c.customer_id.in_(customers_of(self._scope, wanted.account_id)))
        if wanted.currency is not None:
            found.append(table.c.currency == clean_text(wanted.currency))
        if wanted.bounds != UNBOUNDED:
            found.append(self._bounded(self._amount(wanted.which), wanted.bounds))
        return found

    def _state(self, which: InvoiceWord, now: UnixTime) -> list[ColumnElement[bool]]:
        table = stripe_invoices
        if which is InvoiceWord.ANY:
            return [table.c.status.not_in(sorted(NOT_SHOWN))]
        if which not in OWED:
            return [table.c.status == _STATUS[which].value]
        found = [is_open(), LEFT_TO_PAY > 0]
        return [*found, self._in_head(_DUE_DATE) < now] if which is InvoiceWord.OVERDUE else found

    def _amount(self, which: InvoiceWord) -> ColumnElement[int]:
        return LEFT_TO_PAY if which in OWED else self._in_head(_AMOUNT_DUE)

    def _in_head(self, place: int) -> ColumnElement[int]:
        if self._postgresql:
            return literal_column(f"((stripe_invoices.head::json ->> {place})::bigint)", AMOUNT)
        return literal_column(f"json_extract(stripe_invoices.head, '$[{place}]')", AMOUNT)

    def _bounded(self, amount: ColumnElement[int], bounds: AmountBounds) -> ColumnElement[bool]:
        """Bounds are in major units, amounts in minor ones, of which a currency has none, a hundred or a thousand."""
        currency = stripe_invoices.c.currency
        choices = [
            and_(currency.in_(sorted(currencies)), *_between(amount, *bounds.in_minor_units(digits)))
            for digits, currencies in _UNUSUAL.items()
        ]
        unusual = sorted(code for currencies in _UNUSUAL.values() for code in currencies)
        usual = _between(amount, *bounds.in_minor_units(USUAL_DIGITS))
        return or_(*choices, and_(currency.not_in(unusual), *usual))


def _are_few(wanted: InvoiceCondition, order: InvoiceOrder) -> bool:
    """Those of one account, and open ones where the first of them are not among the newest invoices of all."""
    if wanted.account_id is not None:
        return True
    narrowed = wanted.due is not None or wanted.currency is not None or wanted.bounds != UNBOUNDED
    return wanted.which in OWED and (narrowed or order is InvoiceOrder.OLDEST)


def customers_of(scope: Scope, account_id: str) -> Select[tuple[str]]:
    """The Stripe customers of an account."""
    return select(matches.c.customer_id).where(scope.one(matches, account_id=clean_text(account_id)))


def with_owner(table: Any) -> Any:
    """``table``, which names a customer, with the account of that customer where it has one."""
    matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
    owner = and_(accounts.c.workspace_id == matches.c.workspace_id, accounts.c.id == matches.c.account_id)
    return table.outerjoin(matches, matched).outerjoin(accounts, owner)


def _within(column: ColumnElement[Any], stretch: Stretch) -> Iterable[ColumnElement[bool]]:
    return _between(column, stretch.since, stretch.until)


def _between(column: ColumnElement[Any], low: int | None, behind: int | None) -> list[ColumnElement[bool]]:
    found = [] if low is None else [column >= low]
    return found if behind is None else [*found, column < behind]
