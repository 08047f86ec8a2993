"""The accounts table as its address tells it: sorting, filters, page; and the columns this browser wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from clynto.domain.errors import InvalidInput
from clynto.entrypoints.http.pagination import cursor_to, position_of
from clynto.ports.read_models import AccountSort, AccountsQuery, StatusFilter

PATH = "/accounts"
PAGE_SIZE = 50
LONGEST_TEXT = 200
PAGES_REMEMBERED = 10
"""How many pages "Previous" leads back through: lists are read forwards only, so the way is carried along."""
FIRST_PAGE = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """``begins_descending``: largest first at the first click."""

    name: str
    label: str
    sort: AccountSort
    is_number: bool = False
    begins_descending: bool = False
    is_usual: bool = True


COLUMNS = (
    Column("mrr", "MRR", AccountSort.MRR, is_number=True, begins_descending=True),
    Column("arr", "ARR", AccountSort.ARR, is_number=True, begins_descending=True),
    Column("change_30", "MRR change 30 days", AccountSort.MRR_CHANGE_30, is_number=True, begins_descending=True),
    Column("change_90", "MRR change 90 days", AccountSort.MRR_CHANGE_90, is_number=True, begins_descending=True),
    Column("trend", "MRR 12 months", AccountSort.MRR_CHANGE_12_MONTHS, begins_descending=True),
    Column("payment_status", "Payment Status", AccountSort.PAYMENT_STATUS, begins_descending=True),
    Column("health", "Health", AccountSort.HEALTH_SCORE, is_number=True),
    Column("renewal", "Renewal", AccountSort.RENEWAL_AT, is_number=True),
    Column("domains", "Domains", AccountSort.DOMAIN, is_usual=False),
    Column(
        "lifetime_value",
        "Lifetime value",
        AccountSort.LIFETIME_VALUE,
        is_number=True,
        begins_descending=True,
        is_usual=False,
    ),
    Column("external_id", "External id", AccountSort.EXTERNAL_ID, is_usual=False),
)
NAME_COLUMN = Column("name", "Account", AccountSort.NAME)
COLUMNS_COOKIE = "clynto_columns"
_BETWEEN = "."
_BY_CHANGE = frozenset({AccountSort.MRR_CHANGE_30, AccountSort.MRR_CHANGE_90, AccountSort.MRR_CHANGE_12_MONTHS})


def chosen_columns(cookie: str | None) -> tuple[Column, ...]:
    """The columns that ``cookie`` names, in their fixed order."""
    if cookie is None:
        return tuple(column for column in COLUMNS if column.is_usual)
    wanted = set(cookie.split(_BETWEEN))
    return tuple(column for column in COLUMNS if column.name in wanted)


def columns_cookie(names: list[str]) -> str:
    """What to remember of a choice."""
    known = {column.name for column in COLUMNS}
    return _BETWEEN.join(name for name in names if name in known)


@dataclass(frozen=True, slots=True)
class TableState:
    """``trail`` are the cursors of the pages before, oldest first; ``cursor`` None: the first page."""

    sort: AccountSort = AccountSort.MRR
    descending: bool = True
    status: StatusFilter | None = None
    text: str = ""
    cursor: str | None = None
    trail: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> TableState:
        """Read from an address. Raises ``InvalidInput`` for words that no link of ours has."""
        wanted = arguments.get("sort", "-mrr")
        status = arguments.get("payment_status") or None
        try:
            return cls(
                sort=AccountSort(wanted.removeprefix("-")),
                descending=wanted.startswith("-"),
                status=StatusFilter(status) if status else None,
                text=arguments.get("q", "").strip()[:LONGEST_TEXT],
                cursor=arguments.get("cursor") or None,
                trail=tuple(arguments.get("trail", "").split()[-PAGES_REMEMBERED:]),
            )
        except ValueError:
            raise InvalidInput({"sort": "There is no such order or filter."}) from None

    @property
    def query(self) -> AccountsQuery:
        """What to ask for."""
        return AccountsQuery(
            sort=self.sort,
            descending=self.descending,
            statuses=frozenset({self.status} if self.status else ()),
            text=self.text,
            limit=PAGE_SIZE,
            after=position_of(self.cursor),
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.status)

    @property
    def order_may_be_behind(self) -> bool:
        """Whether accounts stand in an order that is renewed by the hour, beside figures of now (ADR 0040)."""
        return self.sort in _BY_CHANGE

    @property
    def export_url(self) -> str:
        """The same selection as a file."""
        return self._url("/accounts/export.csv")

    @property
    def here(self) -> str:
        """This very page."""
        return self._url(PATH)

    @property
    def previous_url(self) -> str | None:
        """The page before; None on the first one."""
        if self.cursor is None:
            return None
        before = self.trail[-1] if self.trail else FIRST_PAGE
        return replace(self, cursor=None if before == FIRST_PAGE else before, trail=self.trail[:-1])._url(PATH)

    def next_url(self, next_cursor: str | None) -> str | None:
        """The page after; None on the last one."""
        if next_cursor is None:
            return None
        trail = (*self.trail, self.cursor or FIRST_PAGE)[-PAGES_REMEMBERED:]
        return replace(self, cursor=cursor_to(next_cursor), trail=trail)._url(PATH)

    def sorted_url(self, column: Column) -> str:
        """Sort by ``column``, or turn its order round."""
        if column.sort is self.sort:
            return self._first_page(descending=not self.descending)._url(PATH)
        fresh = replace(self, sort=column.sort)
        return fresh._first_page(descending=column.begins_descending)._url(PATH)

    def status_url(self, status: str | None) -> str:
        """Only accounts of that status; the chosen one again takes the filter away."""
        wanted = None if status is None or status == self.status else StatusFilter(status)
        return replace(self, status=wanted, cursor=None, trail=())._url(PATH)

    def only_url(self, status: str) -> str:
        """Only accounts of that status, whatever was chosen before."""
        return replace(self, status=StatusFilter(status), cursor=None, trail=())._url(PATH)

    def direction(self, column: Column) -> str | None:
        """For ``aria-sort``."""
        if column.sort is not self.sort:
            return None
        return "descending" if self.descending else "ascending"

    def _first_page(self, *, descending: bool) -> TableState:
        return replace(self, descending=descending, cursor=None, trail=())

    def _url(self, path: str) -> str:
        words = {
            "sort": f"{'-' if self.descending else ''}{self.sort.value}",
            "payment_status": self.status.value if self.status else "",
            "q": self.text,
            "cursor": self.cursor or "",
            "trail": " ".join(self.trail),
        }
        said = {name: word for name, word in words.items() if word and (name, word) != ("sort", "-mrr")}
        return f"{path}?{urlencode(said)}" if said else path
