"""What every ``ConnectionStore`` keeps."""

from __future__ import annotations

from dataclasses import replace

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HARD_TEXT, HERE, THERE, committed, moment

from clynto.domain.connection import Connection, ConnectionFault, ConnectionStatus, Mode
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.vault import SealedCredential

SEALED = SealedCredential(ciphertext=bytes(range(256)), key_version=3)

FULL = Connection(
    status=ConnectionStatus.ERROR,
    mode=Mode.TEST,
    stripe_account_id="acct_1",
    stripe_account_name=HARD_TEXT,
    key_last4="wxyz",
    full_secret_key=True,
    generation=7,
    connected_at=moment(1),
    disconnected_at=moment(2),
    last_sync_at=moment(3),
    last_sync_began_at=moment(2, 7),
    events_readable=True,
    fault=ConnectionFault(code="stripe_unreachable", message="Stripe did not answer."),
)


class ConnectionStoreContract(InTwoWorkspaces):
    """State and key are kept apart: writing one never touches the other."""

    def test_begins_not_connected(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit:
            assert unit.connections.get() == Connection()
            assert unit.connections.sealed_key() is None

    def test_gives_back_what_was_saved(self, units: UnitsOfWork) -> None:
        bare = Connection(status=ConnectionStatus.CONNECTED, generation=8)
        with committed(units) as unit:
            unit.connections.save(FULL)
        with units.reading(HERE) as unit:
            assert unit.connections.get() == FULL
        with committed(units) as unit:
            unit.connections.save(bare)
        with units.reading(HERE) as unit:
            assert unit.connections.get() == bare

    def test_the_right_to_read_events_changes_alone(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.connections.note_events_readable(True)
            assert unit.connections.get() == Connection()
            unit.connections.save(FULL)
            unit.connections.put_sealed_key(SEALED)
        with committed(units) as unit:
            unit.connections.note_events_readable(False)
        with units.reading(HERE) as unit:
            assert unit.connections.get() == replace(FULL, events_readable=False)
            assert unit.connections.sealed_key() == SEALED
        with units.reading(THERE) as unit:
            assert unit.connections.get() == Connection()

    def test_keeps_only_the_newest_key(self, units: UnitsOfWork) -> None:
        newer = SealedCredential(ciphertext=b"\x00newer\xff", key_version=4)
        with committed(units) as unit:
            unit.connections.put_sealed_key(SEALED)
            assert unit.connections.sealed_key() == SEALED
            unit.connections.put_sealed_key(newer)
        with units.reading(HERE) as unit:
            assert unit.connections.sealed_key() == newer

    def test_erases_the_key(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.connections.put_sealed_key(SEALED)
            unit.connections.save(FULL)
        with committed(units) as unit:
            unit.connections.erase_key()
            unit.connections.erase_key()
        with units.reading(HERE) as unit:
            assert unit.connections.sealed_key() is None
            assert unit.connections.get() == FULL

    def test_saving_a_state_neither_drops_nor_revives_a_key(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.connections.put_sealed_key(SEALED)
            unit.connections.save(FULL)
            assert unit.connections.sealed_key() == SEALED
            unit.connections.erase_key()
            unit.connections.save(FULL)
            assert unit.connections.sealed_key() is None

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.connections.save(FULL)
            unit.connections.put_sealed_key(SEALED)
        with committed(units, THERE) as unit:
            assert unit.connections.get() == Connection()
            assert unit.connections.sealed_key() is None
            unit.connections.save(Connection(generation=1))
            unit.connections.erase_key()
        with units.reading(HERE) as unit:
            assert unit.connections.get() == FULL
            assert unit.connections.sealed_key() == SEALED
