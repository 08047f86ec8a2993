"""Accounts with many ties and gaps in every order, and what each of them sorts by."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.contracts.samples import FOURTEEN_DIGITS, HERE, an_account, an_account_billing, committed, second

from clynto.domain.account import Account
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.read_models import AccountRow, AccountSort
from clynto.ports.unit_of_work import UnitsOfWork

STATUSES = (PaymentStatus.PAID, None, PaymentStatus.FAILED, PaymentStatus.OVERDUE)
SEVERITY = {PaymentStatus.PAID: 1, PaymentStatus.OVERDUE: 2, PaymentStatus.FAILED: 3}
PLACES: dict[AccountSort, Callable[[AccountPlaces], int | None]] = {
    AccountSort.LIFETIME_VALUE: lambda places: places.lifetime_value,
    AccountSort.MRR_CHANGE_30: lambda places: places.change_30,
    AccountSort.MRR_CHANGE_90: lambda places: places.change_90,
    AccountSort.MRR_CHANGE_12_MONTHS: lambda places: places.change_12_months,
}
NAMES = ("Zeta", "alpha", "Ärzte", "alpha", "_under", "100% Beef", "Beta", "zeta")


def fill(units: UnitsOfWork, number_of_accounts: int = 24) -> None:
    """Accounts with many ties; every sixth has no computed row, every fifth no renewal."""
    accounts, billings, places = [], [], {}
    for number in range(number_of_accounts):
        account_id = f"acc_{number * 7 % number_of_accounts:02}"
        accounts.append(_account(account_id, number))
        if number % 6 == 0:
            continue
        billing = an_account_billing(
            account_id,
            list_mrr=MoneyBag.of("USD" if number % 2 else "JPY", Fraction(2500 * (number % 4), 3)),
            payment_status=STATUSES[number % 4],
            renewal_at=second(number % 3) if number % 5 else None,
        )
        billings.append((billing, 833 * (number % 4)))
        places[account_id] = _places(account_id)
    with committed(units) as unit:
        unit.accounts.put_many(accounts)
        unit.billing.put_accounts(billings, places=places)


def filled_rows(units: UnitsOfWork, number_of_accounts: int = 24) -> dict[str, AccountRow]:
    """What each of these accounts shows, by its id."""
    fill(units, number_of_accounts)
    shown: dict[str, AccountRow] = {}
    with units.reading(HERE) as unit:
        for number in range(number_of_accounts):
            row = unit.accounts_table.row(f"acc_{number:02}")
            assert row is not None
            shown[row.id] = row
    return shown


def _account(account_id: str, number: int) -> Account:
    """Every fifth has no domain, others share their first one; every fourth has no outside id, or an empty one."""
    domains = (f"{'cab'[number % 3]}.example", f"{account_id}.example") if number % 5 else ()
    external = f"{'Crm' if number % 3 else 'crm'}-{number % 7}" if number % 4 else (None, "")[number % 8 // 4]
    return an_account(account_id, name=NAMES[number % len(NAMES)], domains=domains, external_id=external)


def _places(account_id: str) -> AccountPlaces:
    """Some missing, many ties, fewer and more, and nearly as large as a column holds."""
    number = int(account_id.removeprefix("acc_"))
    return AccountPlaces(
        lifetime_value=number % 5 * FOURTEEN_DIGITS if number % 7 else None,
        change_30=number % 4 - 2 if number % 5 else None,
        change_90=(-1) ** number * (2**63 - 2) if number % 3 else 0,
        change_12_months=None if number % 2 else number % 3,
    )


def value_of(row: AccountRow, sort: AccountSort) -> str | int | None:
    """What a column sorts by; the sort key that ``fill`` gave with an MRR is its whole minor units."""
    words = {
        AccountSort.NAME: row.name.casefold(),
        AccountSort.DOMAIN: row.domains[0] if row.domains else None,
        AccountSort.EXTERNAL_ID: (row.external_id or "").casefold() or None,
    }
    if sort in words:
        return words[sort]
    places = AccountPlaces() if row.computed_at is None else _places(row.id)
    if sort in PLACES:
        return PLACES[sort](places)
    if sort in (AccountSort.MRR, AccountSort.ARR):
        return None if row.computed_at is None else sum(amount.__floor__() for _, amount in row.list_mrr)
    if sort is AccountSort.PAYMENT_STATUS:
        return None if row.payment_status is None else SEVERITY[row.payment_status]
    return row.renewal_at if sort is AccountSort.RENEWAL_AT else row.health_score
