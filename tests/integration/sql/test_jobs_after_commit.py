"""A worker that is faster than any commit finds what its job is about (guarantees E6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.integration.sql.stored_sync import sync_product
from tests.unit.application.sync_product import ADMIN, KEY, SyncProduct

from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.application.audit import AuditTrail
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.request_sync import RequestSync
from clynto.domain.sync_run import RunState
from clynto.ports.work_queue import Job

RUNS = 100
LONGEST_SECONDS = 60


class EagerWorker(MemoryWorkQueue):
    """Has done the job, in a thread and on a connection of its own, before whoever hands it over gets on.

    Whatever is not committed by then it cannot see, however long a commit may take.
    """

    def __init__(self, product: SyncProduct, threads: ThreadPoolExecutor) -> None:
        super().__init__()
        self._product, self._threads = product, threads

    def enqueue(self, job: Job) -> None:
        """Done at once."""
        super().enqueue(job)
        self._threads.submit(self._product.sync, job.subject_id).result(LONGEST_SECONDS)
        self.take()


def test_a_hundred_of_a_hundred_runs_complete_with_an_eager_worker(units: SqlUnitsOfWork) -> None:
    """E6: the first one by connecting, the others by re-syncs."""
    product = sync_product(units)
    with ThreadPoolExecutor(1) as threads:
        queue = EagerWorker(product, threads)
        audit = AuditTrail(product.clock, product.identifiers)
        connect = ConnectStripe(
            units=units,
            clock=product.clock,
            identifiers=product.identifiers,
            key_check=product.stripe,
            readers=product.stripe,
            sealer=product.vault,
            queue=queue,
            audit=audit,
        )
        resync = RequestSync(
            units=units, clock=product.clock, identifiers=product.identifiers, queue=queue, audit=audit
        )
        runs = [connect(ADMIN, KEY)]
        for _ in range(RUNS - 1):
            product.clock.advance(seconds=1)
            runs.append(resync(ADMIN))
    assert len(set(runs)) == RUNS
    assert {product.run(run_id).state for run_id in runs} == {RunState.SUCCEEDED}
