"""The in-memory queue, clock, identifiers, password hashing, vault and request budget keep their contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from tests.contracts.clock_contract import ClockContract
from tests.contracts.identifiers_contract import IdentifiersContract
from tests.contracts.password_hashing_contract import PasswordHashingContract
from tests.contracts.request_budget_contract import ENDPOINT_RATE, KEY_RATE, RequestBudgetContract
from tests.contracts.vault_contract import VaultContract
from tests.contracts.work_queue_contract import Belt, WorkQueueContract

from clynto.adapters.memory.request_budget import MemoryRequestBudget
from clynto.adapters.memory.sequential_identifiers import SequentialIdentifiers
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.unsafe_password_hashing import UnsafePasswordHashing
from clynto.adapters.memory.vault import MemoryVault
from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.domain.errors import CredentialUnreadable
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.request_budget import RequestBudget
from clynto.ports.vault import CredentialOpener, CredentialSealer, Purpose
from clynto.ports.work_queue import Job, JobKind, WorkQueue

JOB = Job(JobKind.RUN_SYNC, "ws_here", "run_1")


class _MemoryBelt:
    def __init__(self, queue: MemoryWorkQueue) -> None:
        self._queue = queue

    def waiting(self) -> Sequence[Job]:
        return self._queue.waiting

    def take(self) -> Job:
        job = self._queue.take()
        assert job is not None
        return job

    def finish(self) -> None:
        """A job that was taken is no concern of the queue any more."""


class TestWorkQueue(WorkQueueContract):
    @pytest.fixture
    def queue(self) -> WorkQueue:
        return MemoryWorkQueue()

    @pytest.fixture
    def belt(self, queue: MemoryWorkQueue) -> Belt:
        return _MemoryBelt(queue)

    @pytest.fixture
    def dead_queue(self) -> WorkQueue:
        queue = MemoryWorkQueue()
        queue.available = False
        return queue

    def test_what_is_for_later_becomes_due_in_order(self) -> None:
        queue = MemoryWorkQueue()
        other = Job(JobKind.SWEEP, "ws_here")
        queue.enqueue_in(60, JOB)
        queue.enqueue_in(5, other)
        assert queue.later == ((60, JOB), (5, other))
        queue.make_due()
        assert queue.waiting == (other, JOB)
        assert not queue.later

    def test_it_can_lose_everything(self) -> None:
        queue = MemoryWorkQueue()
        queue.enqueue(JOB)
        queue.lose_everything()
        assert queue.take() is None
        assert queue.handed_over == [JOB]


class TestClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SettableClock()

    def test_moves_only_forward_and_only_when_told(self) -> None:
        clock = SettableClock()
        start = clock.now()
        assert clock.now() == start
        assert clock.advance(seconds=2, micros=3) == clock.now() == start + 2_000_003
        with pytest.raises(ValueError, match="backwards"):
            clock.set(start)


class TestIdentifiers(IdentifiersContract):
    @pytest.fixture
    def identifiers(self) -> Identifiers:
        return SequentialIdentifiers()

    def test_can_be_told_beforehand(self) -> None:
        identifiers = SequentialIdentifiers()
        assert identifiers.new_id("acc") == "acc_00000000000000000000000001"
        assert identifiers.new_id("run") == "run_00000000000000000000000002"


class TestPasswordHashing(PasswordHashingContract):
    @pytest.fixture
    def hashing(self) -> PasswordHashing:
        return UnsafePasswordHashing()


class TestVault(VaultContract):
    @pytest.fixture
    def vault(self) -> MemoryVault:
        return MemoryVault()

    @pytest.fixture
    def sealer(self, vault: MemoryVault) -> CredentialSealer:
        return vault

    @pytest.fixture
    def opener(self, vault: MemoryVault) -> CredentialOpener:
        return vault

    @pytest.fixture
    def rotate(self, vault: MemoryVault) -> Callable[[], None]:
        return vault.rotate

    def test_a_process_opens_only_what_it_may(self, vault: MemoryVault) -> None:
        web = vault.opening_only([Purpose.WEBHOOK_SIGNING_SECRET])
        key = web.seal(Secret("rk_test_1"), workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        with pytest.raises(CredentialUnreadable):
            web.open(key, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        assert vault.open(key, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY) == Secret("rk_test_1")


class TestRequestBudget(RequestBudgetContract):
    @pytest.fixture
    def budget(self) -> RequestBudget:
        return MemoryRequestBudget(key_rate=KEY_RATE, endpoint_rate=ENDPOINT_RATE)

    @pytest.fixture
    def pass_time(self, budget: MemoryRequestBudget) -> Callable[[float], None]:
        return budget.advance
