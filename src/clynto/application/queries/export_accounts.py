"""The accounts table as CSV, for a spreadsheet (guarantees K11: no cell runs as a formula)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.queries.figures import AccountFigures
from clynto.application.queries.list_accounts import ListAccounts
from clynto.domain.csv_cells import neutralised
from clynto.domain.roles import Role
from clynto.ports.read_models import AccountsQuery

COLUMNS = (
    "name",
    "domain",
    "external_id",
    "mrr",
    "arr",
    "currency",
    "payment_status",
    "renewal_at",
    "health_score",
    "mrr_by_currency",
)
PAGE = 200


class ExportAccounts:
    """Writes page by page, so memory does not grow with the number of accounts."""

    def __init__(self, accounts: ListAccounts) -> None:
        self._accounts = accounts

    def __call__(self, actor: Actor, query: AccountsQuery) -> Iterator[str]:
        """Lines of CSV text for every account the query selects, the header first."""
        actor.must_be(Role.MEMBER)
        return self._lines(actor, replace(query, limit=PAGE, after=None))

    def _lines(self, actor: Actor, query: AccountsQuery) -> Iterator[str]:
        yield _line(COLUMNS)
        while True:
            page = self._accounts(actor, query)
            yield "".join(_line(_cells(shown)) for shown in page.rows)
            if page.next_cursor is None:
                return
            query = replace(query, after=page.next_cursor)


def _cells(shown: AccountFigures) -> tuple[str, ...]:
    row = shown.row
    renewal = "" if row.renewal_at is None else dt.datetime.fromtimestamp(row.renewal_at, tz=dt.UTC).date().isoformat()
    return (
        neutralised(row.name),
        neutralised(" ".join(row.domains)),
        neutralised(row.external_id or ""),
        # Without a customer in Stripe there is no figure; a spreadsheet would count a zero into its averages.
        shown.mrr.amount if row.customers else "",
        shown.arr.amount if row.customers else "",
        shown.mrr.currency or ("mixed" if shown.mrr.mixed else ""),
        row.payment_status.value if row.payment_status else "",
        renewal,
        "" if row.health_score is None else str(row.health_score),
        " ".join(f"{amount} {currency}" for currency, amount in sorted(shown.mrr.by_currency.items())),
    )


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
