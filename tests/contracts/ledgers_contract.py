"""What every ``LedgerStore`` remembers."""

from __future__ import annotations

import threading

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import FULL_SIGNAL, a_ledger, a_non_event
from tests.contracts.samples import HARD_TEXT, HERE, THERE, committed, moment, second

from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signals import NonEventCode
from clynto.ports.unit_of_work import UnitsOfWork

WAITED = 0.3
"""Seconds after which somebody who is held up has surely come to the lock."""


class LedgerStoreContract(InTwoWorkspaces):
    """Decided: non-events of one moment are in order of subscription and code; the same subscription, moment and code
    make the same non-event, and the last one stands."""

    def test_gives_back_every_part(self, units: UnitsOfWork) -> None:
        named = SignalLedger(signals={HARD_TEXT: FULL_SIGNAL})
        ledgers = {"customer:cus_1": a_ledger(), "subscription:sub_9": SignalLedger(), "invoice:in_1": named}
        with committed(units) as unit:
            unit.ledgers.put_many(ledgers)
        with units.reading(HERE) as unit:
            assert dict(unit.ledgers.get_many([*ledgers, "customer:cus_9"])) == ledgers
            assert dict(unit.ledgers.get_many({"customer:cus_1": 1})) == {"customer:cus_1": a_ledger()}
            assert dict(unit.ledgers.get_many([])) == {}

    def test_replaces_a_ledger_as_a_whole(self, units: UnitsOfWork) -> None:
        bare = SignalLedger(forgotten_before=moment(5))
        with committed(units) as unit:
            unit.ledgers.put_many({"customer:cus_1": a_ledger(), "customer:cus_2": a_ledger()})
            unit.ledgers.put_many({"customer:cus_1": bare})
            unit.ledgers.put_many({})
        with units.reading(HERE) as unit:
            found = unit.ledgers.get_many(["customer:cus_1", "customer:cus_2"])
            assert found == {"customer:cus_1": bare, "customer:cus_2": a_ledger()}

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ledgers = {f"customer:cus_{number}": a_ledger(f"sub_{number}") for number in range(300)}
        with committed(units) as unit:
            unit.ledgers.put_many(ledgers)
        with units.reading(HERE) as unit:
            assert dict(unit.ledgers.get_many(ledgers)) == ledgers

    def test_non_events_come_newest_first(self, units: UnitsOfWork) -> None:
        first = a_non_event("sub_2", at=second(5))
        second_one = a_non_event("sub_1", at=second(3), code=NonEventCode.CURRENCY_CHANGE, customer_id=None)
        third = a_non_event("sub_1", at=second(3), plan=HARD_TEXT)
        fourth = a_non_event("sub_2", at=second(3))
        with committed(units) as unit:
            unit.ledgers.put_non_events([fourth, third, first])
            unit.ledgers.put_non_events([second_one, a_non_event("sub_3")])
        with units.reading(HERE) as unit:
            found = list(unit.ledgers.non_events(["sub_1", "sub_2"]))
            assert found == [first, second_one, third, fourth]
            assert list(unit.ledgers.non_events([])) == []

    def test_the_same_non_event_twice_is_one(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.ledgers.put_non_events([a_non_event(), a_non_event()])
            unit.ledgers.put_non_events([a_non_event()])
        with units.reading(HERE) as unit:
            assert list(unit.ledgers.non_events(["sub_1"])) == [a_non_event()]

    def test_whoever_locks_reads_what_the_one_before_wrote(self, units: UnitsOfWork) -> None:
        begun, seen = threading.Event(), list[object]()

        def follow() -> None:
            begun.set()
            with committed(units) as unit:
                unit.ledgers.lock()
                seen.append(unit.ledgers.get_many(["customer:cus_1"]).get("customer:cus_1"))

        with units.writing(HERE) as unit:
            unit.ledgers.lock()
            unit.ledgers.lock()
            follower = threading.Thread(target=follow, daemon=True)
            follower.start()
            assert begun.wait(timeout=10)
            follower.join(timeout=WAITED)
            assert seen == []
            unit.ledgers.put_many({"customer:cus_1": a_ledger()})
            unit.commit()
        follower.join(timeout=20)
        assert seen == [a_ledger()]

    def test_a_lock_ends_with_a_rollback(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            unit.ledgers.lock()
        with committed(units) as unit:
            unit.ledgers.lock()
            unit.ledgers.put_many({"customer:cus_1": a_ledger()})

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.ledgers.put_many({"customer:cus_1": a_ledger()})
            unit.ledgers.put_non_events([a_non_event()])
        with committed(units, THERE) as unit:
            unit.ledgers.lock()
            assert dict(unit.ledgers.get_many(["customer:cus_1"])) == {}
            assert list(unit.ledgers.non_events(["sub_1"])) == []
            unit.ledgers.put_many({"customer:cus_1": SignalLedger()})
            unit.ledgers.put_non_events([a_non_event(plan="Theirs")])
        with units.reading(HERE) as unit:
            assert dict(unit.ledgers.get_many(["customer:cus_1"])) == {"customer:cus_1": a_ledger()}
            assert list(unit.ledgers.non_events(["sub_1"])) == [a_non_event()]
