"""What every ``WorkspaceStore`` keeps."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HARD_TEXT, HERE, THERE, a_rate, a_workspace, committed, moment

from clynto.domain.errors import NotFound
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.workspaces import MrrBasis


class WorkspaceStoreContract(InTwoWorkspaces):
    """Decided: "oldest first" is by date, then by the two currencies."""

    def test_gives_back_what_was_saved(self, units: UnitsOfWork) -> None:
        changed = a_workspace(
            name=HARD_TEXT, default_currency="EUR", mrr_basis=MrrBasis.NET, own_domains=(), created_at=moment(9)
        )
        with committed(units) as unit:
            assert unit.workspaces.get() == a_workspace()
            unit.workspaces.save(changed)
        with units.reading(HERE) as unit:
            assert unit.workspaces.get() == changed
        with units.reading(THERE) as unit:
            assert unit.workspaces.get() == a_workspace(THERE)

    def test_keeps_the_order_of_own_domains(self, units: UnitsOfWork) -> None:
        changed = a_workspace(own_domains=("z.example", "a.example"))
        with committed(units) as unit:
            unit.workspaces.save(changed)
            assert unit.workspaces.get() == changed

    def test_an_unknown_workspace_is_not_found(self, units: UnitsOfWork) -> None:
        with units.reading("ws_nowhere") as unit, pytest.raises(NotFound):
            unit.workspaces.get()

    def test_rates_come_oldest_first_and_exact(self, units: UnitsOfWork) -> None:
        rates = [
            a_rate(3),
            a_rate(1, rate=Fraction(1, 3)),
            a_rate(2, from_currency="JPY", rate=Fraction(66_666_666_666_667, 10**16)),
            a_rate(2),
            a_rate(2, to_currency="CHF"),
        ]
        with committed(units) as unit:
            assert list(unit.workspaces.exchange_rates()) == []
            unit.workspaces.replace_exchange_rates(rates)
        with units.reading(HERE) as unit:
            assert list(unit.workspaces.exchange_rates()) == [rates[1], rates[4], rates[3], rates[2], rates[0]]

    def test_replacing_rates_leaves_none_of_the_former(self, units: UnitsOfWork) -> None:
        newer = a_rate(1, date=datetime.date(2027, 1, 1))
        with committed(units) as unit:
            unit.workspaces.replace_exchange_rates([a_rate(1), a_rate(2)])
        with committed(units) as unit:
            unit.workspaces.replace_exchange_rates([a_rate(2, rate=Fraction(2)), newer])
        with units.reading(HERE) as unit:
            assert list(unit.workspaces.exchange_rates()) == [a_rate(2, rate=Fraction(2)), newer]
        with committed(units) as unit:
            unit.workspaces.replace_exchange_rates([])
            assert list(unit.workspaces.exchange_rates()) == []

    def test_saving_a_workspace_keeps_its_rates(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.workspaces.replace_exchange_rates([a_rate()])
            unit.workspaces.save(a_workspace(name="Renamed"))
            assert list(unit.workspaces.exchange_rates()) == [a_rate()]

    def test_rates_keep_to_their_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.workspaces.replace_exchange_rates([a_rate(1)])
        with committed(units, THERE) as unit:
            assert list(unit.workspaces.exchange_rates()) == []
            unit.workspaces.replace_exchange_rates([a_rate(1, rate=Fraction(9)), a_rate(2)])
            unit.workspaces.replace_exchange_rates([])
        with units.reading(HERE) as unit:
            assert list(unit.workspaces.exchange_rates()) == [a_rate(1)]
