"""Import accounts from a CSV file (contract, POST /accounts/import; guarantees K12).

Each line is either taken or reported with its number and the reason. What is taken is stored in one transaction:
there is no half import.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_account import MATCHES
from clynto.domain.account import Account
from clynto.domain.account_input import account_domains, account_external_id, account_name, merged
from clynto.domain.csv_cells import original
from clynto.domain.email_domain import DomainRules
from clynto.domain.errors import InvalidInput
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue

if TYPE_CHECKING:
    from _csv import Reader

MOST_LINES = 200_000
KNOWN_COLUMNS = ("name", "domain", "external_id")
_BETWEEN_DOMAINS = re.compile(r"[;|\s]+")


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """``line`` counts from 1, the header being line 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the file: accounts ``created`` and ``updated``, lines that said nothing new, and lines that were
    not taken. ``left_out`` are columns that nothing is taken from, in the order of the file."""

    created: int
    updated: int
    unchanged: int
    rejected: tuple[RejectedLine, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    name: str
    domains: tuple[str, ...]
    external_id: str | None


@dataclass(slots=True)
class _Reading:
    rows: list[_Row] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    unchanged: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)
    first_line_of: dict[str, int] = field(default_factory=dict)


class ImportAccounts:
    """A line belongs to the account with its outside id, else to the one account that claims its domain."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        identifiers: Identifiers,
        rules: DomainRules,
        queue: WorkQueue,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._rules = rules
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor, content: bytes) -> ImportReport:
        """Raises ``Forbidden``, ``QueueUnavailable``, or ``InvalidInput`` if the file as a whole cannot be read."""
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        reading = self._read(content)
        with self._units.writing(actor.workspace_id) as uow:
            created, updated = self._merge(uow, reading)
            uow.accounts.put_many([*created.values(), *updated.values()])
            self._audit.note(
                uow,
                actor,
                "accounts.imported",
                f"Imported accounts: {len(created)} created, {len(updated)} updated, {reading.unchanged} unchanged, "
                f"{len(reading.rejected)} lines rejected.",
            )
            uow.commit()
        if created or updated:
            self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
        rejected = tuple(sorted(reading.rejected, key=lambda line: line.line))
        return ImportReport(len(created), len(updated), reading.unchanged, rejected, reading.left_out)

    def _read(self, content: bytes) -> _Reading:
        columns, records = _table(_decoded(content))
        reading = _Reading(left_out=tuple(name for name in columns if name and name not in KNOWN_COLUMNS))
        for line, cells in records:
            if len(reading.rows) + len(reading.rejected) >= MOST_LINES:
                raise InvalidInput({"file": f"A file has at most {MOST_LINES} lines; split it."})
            try:
                row = self._row(line, cells)
            except InvalidInput as wrong:
                reading.rejected.append(RejectedLine(line, " ".join(wrong.errors.values())))
                continue
            repeated = self._repeated(row, reading.first_line_of)
            if repeated is not None:
                reading.rejected.append(repeated)
                continue
            reading.rows.append(row)
        return reading

    def _row(self, line: int, cells: Mapping[str, str]) -> _Row:
        domains = account_domains(_BETWEEN_DOMAINS.split(cells.get("domain", "")), self._rules)
        external_id = account_external_id(original(cells.get("external_id", "")))
        if not domains and external_id is None:
            raise InvalidInput(
                {"domain": "Give a domain or an external_id; without either the account cannot be recognised again."}
            )
        return _Row(line, account_name(original(cells.get("name", ""))), domains, external_id)

    def _repeated(self, row: _Row, first_line_of: dict[str, int]) -> RejectedLine | None:
        marks = [f"domain {domain}" for domain in row.domains]
        if row.external_id is not None:
            marks.append(f"external_id {row.external_id}")
        for mark in marks:
            if mark in first_line_of:
                return RejectedLine(row.line, f"The {mark} already stands on line {first_line_of[mark]}.")
        first_line_of.update(dict.fromkeys(marks, row.line))
        return None

    def _merge(self, uow: UnitOfWork, reading: _Reading) -> tuple[dict[str, Account], dict[str, Account]]:
        """Accounts to create and accounts to update, by id."""
        by_external = uow.accounts.by_external_ids([row.external_id for row in reading.rows if row.external_id])
        claims = uow.accounts.by_domains([domain for row in reading.rows for domain in row.domains])
        created: dict[str, Account] = {}
        updated: dict[str, Account] = {}
        for row in reading.rows:
            held = by_external.get(row.external_id) if row.external_id else None
            if held is None:
                claimants = {account.id: account for domain in row.domains for account in claims.get(domain, ())}
                if len(claimants) > 1:
                    reason = "Several accounts carry this domain; give an external_id or edit them by hand."
                    reading.rejected.append(RejectedLine(row.line, reason))
                    continue
                held = next(iter(claimants.values()), None)
            if held is None:
                account = self._new(row)
                created[account.id] = account
                continue
            former = updated.get(held.id, held)
            changed = replace(
                former,
                name=row.name,
                domains=merged(row.domains, former.domains),
                external_id=row.external_id or former.external_id,
            )
            if changed == former:
                reading.unchanged += 1
            else:
                updated[held.id] = changed
        return created, updated

    def _new(self, row: _Row) -> Account:
        return Account(
            id=self._identifiers.new_id("acc"),
            name=row.name,
            domains=row.domains,
            external_id=row.external_id,
            created_at=self._clock.now(),
        )


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidInput({"file": "The file is not UTF-8 text; save it as “CSV UTF-8” and try again."}) from None


def _table(text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The names of the columns, and (line number, cells by column) of each line that is not blank."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    with _faults_of(reader):
        header = [cell.strip().casefold() for cell in next(reader, [])]
    _check_header(header)
    return header, _records(reader, header)


def _records(reader: Reader, header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    with _faults_of(reader):
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            yield reader.line_num, dict(zip(header, cells, strict=False))


@contextmanager
def _faults_of(reader: Reader) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise InvalidInput({"file": f"Line {reader.line_num} is not CSV: {error}."}) from None


def _check_header(header: list[str]) -> None:
    if "name" not in header or not {"domain", "external_id"} & set(header):
        raise InvalidInput({"file": "The first line must name the columns: name,domain or name,domain,external_id."})
    doubled = {column for column in KNOWN_COLUMNS if header.count(column) > 1}
    if doubled:
        raise InvalidInput({"file": f"The first line names a column twice: {', '.join(sorted(doubled))}."})
