"""An installation of before gets its open cases from the signals that it holds."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from tests.contracts.news_samples import a_cancellation, a_signal, an_overdue
from tests.contracts.samples import HERE, a_workspace, committed, moment

from clynto.adapters.sql import schema
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.signal_cases import debt_case, subscription_case
from clynto.domain.signals import SignalType

SIGNALS = (
    a_signal("in_1", case_key=debt_case("sub_1", "in_1")),
    a_signal("in_2", case_key=debt_case("sub_1", "in_2")),
    an_overdue("sub_1 in_2", case_key=debt_case("sub_1", "in_2")),
    a_cancellation("sub_2 lost", subscription_id="sub_2", case_key=debt_case("sub_2", "in_3")),
    a_signal("in_3", subscription_id="sub_2", case_key=debt_case("sub_2", "in_3")),
    a_cancellation("sub_1 asked", case_key=subscription_case("sub_1", "canceled asked")),
    a_signal("sub_1 1", type=SignalType.SUBSCRIPTION_DOWNGRADED, case_key=subscription_case("sub_1", "downgraded 1")),
    a_signal("sub_1 2", type=SignalType.SUBSCRIPTION_DOWNGRADED, case_key=subscription_case("sub_1", "downgraded 2")),
    a_signal("in_4", subscription_id=None, case_key=debt_case(None, "in_4")),
    a_signal("in_5", subscription_id=None, case_key=debt_case(None, "in_5")),
)
CASES = 6
"""The debts of both subscriptions, a cancellation, two downgrades of one subscription, and two invoices of none."""


def test_signals_of_before_are_counted_as_cases(empty_engine: Engine) -> None:
    migrate(empty_engine)
    units = SqlUnitsOfWork(empty_engine)
    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
        unit.signals.put_many([(f"sig {signal.key}", signal) for signal in SIGNALS], at=moment(10))
        assert unit.signals.open_cases() == CASES
        by_type = unit.signals.open_cases_by_type()
    with empty_engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.downgrade(config, "invoices_by_amount")
    migrate(empty_engine)
    with units.reading(HERE) as unit:
        assert unit.signals.open_cases() == CASES
        assert unit.signals.open_cases_by_type() == by_type
