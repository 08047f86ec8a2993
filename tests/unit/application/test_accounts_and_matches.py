"""Accounts by hand and by file, and matches by hand (guide, "0 customers matched"; guarantees I, K11, K12)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.application.plain_billing import CATALOGUE_CREATED, catalogue, paying
from tests.unit.application.sync_product import ADMIN, MEMBER, RULES, WORKSPACE, SyncProduct

from clynto.application.audit import AuditTrail
from clynto.application.change_account import ChangeAccount
from clynto.application.create_account import MATCHES, CreateAccount
from clynto.application.delete_account import DeleteAccount
from clynto.application.force_match import DropMatch, ForceMatch
from clynto.application.import_accounts import ImportAccounts
from clynto.application.match_customers import RematchWorkspace
from clynto.application.queries.export_accounts import ExportAccounts
from clynto.domain.csv_cells import neutralised, original
from clynto.domain.errors import Forbidden, InvalidInput, NotFound, QueueUnavailable
from clynto.ports.read_models import AccountsQuery
from clynto.ports.work_queue import Job, JobKind


class Office(SyncProduct):
    """The use cases around accounts, over the same workspace."""

    def __post_init__(self) -> None:
        super().__post_init__()
        audit = AuditTrail(self.clock, self.identifiers)
        units, queue, clock, identifiers = self.units, self.queue, self.clock, self.identifiers
        self.create = CreateAccount(
            units=units, clock=clock, identifiers=identifiers, rules=RULES, queue=queue, audit=audit
        )
        self.import_file = ImportAccounts(
            units=units, clock=clock, identifiers=identifiers, rules=RULES, queue=queue, audit=audit
        )
        self.change = ChangeAccount(units=units, rules=RULES, queue=queue, audit=audit)
        self.delete = DeleteAccount(units=units, queue=queue, audit=audit)
        self.force = ForceMatch(units=self.units, recompute=self.recompute, audit=audit)
        self.drop = DropMatch(units=self.units, recompute=self.recompute, audit=audit)
        self.rematch = RematchWorkspace(units=self.units, matching=self.matching)
        self.export = ExportAccounts(self.accounts)

    def names_and_domains(self) -> dict[str, tuple[str, ...]]:
        """All accounts."""
        page = self.accounts(MEMBER, AccountsQuery(limit=200))
        return {shown.row.name: shown.row.domains for shown in page.rows}

    def actions(self) -> list[str]:
        """What the audit log tells, newest first."""
        with self.units.reading(WORKSPACE) as uow:
            return [entry.action for entry in uow.audit_log.newest(before=None, limit=50)]


@pytest.fixture
def office() -> Office:
    """Two paying customers, nobody matched yet."""
    office = Office()
    office.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    office.stripe.put(*paying(1, "Ann+billing@ACME.example", seats=3))
    office.stripe.put(*paying(2, "bob@gmail.com", seats=1))
    return office


def test_an_account_added_later_gets_its_customers(office: Office) -> None:
    office.synced()
    assert office.card().customers_matched == 0
    office.create(ADMIN, name="Acme", domains=["https://www.acme.example/pricing"])
    assert Job(JobKind.RECOMPUTE, WORKSPACE, MATCHES) in office.queue.handed_over
    office.rematch(WORKSPACE)
    assert office.figures() == {"Acme": ("150.00", "paid")}
    assert "account.created" in office.actions()


def test_editing_and_deleting_moves_the_money(office: Office) -> None:
    account_id = office.create(ADMIN, name="Acme", domains=["acme.example"])
    office.synced()
    office.change(ADMIN, account_id, domains=["other.example"], name="Acme Corp")
    office.rematch(WORKSPACE)
    assert office.figures() == {"Acme Corp": ("0.00", None)}
    office.delete(ADMIN, account_id)
    office.rematch(WORKSPACE)
    assert office.figures() == {}
    with pytest.raises(NotFound):
        office.delete(ADMIN, account_id)
    with pytest.raises(NotFound):
        office.change(ADMIN, account_id, name="x")


def test_a_match_by_hand_counts_at_once_and_stays(office: Office) -> None:
    """Guarantee I7."""
    account_id = office.create(ADMIN, name="Globex", domains=["globex.example"])
    office.synced()
    office.force(ADMIN, "cus_2", account_id)
    assert office.figures() == {"Globex": ("50.00", "paid")}
    for _ in range(3):
        office.synced()
    assert office.figures() == {"Globex": ("50.00", "paid")}
    office.drop(ADMIN, "cus_2")
    assert office.figures() == {"Globex": ("0.00", None)}
    office.synced()
    assert office.figures() == {"Globex": ("0.00", None)}
    assert {"customer.matched", "customer.unmatched"} <= set(office.actions())


def test_a_customer_moved_by_hand_counts_once(office: Office) -> None:
    first = office.create(ADMIN, name="Acme", domains=["acme.example"])
    second = office.create(ADMIN, name="Umbrella", domains=[])
    office.synced()
    assert office.figures()["Acme"][0] == "150.00"
    office.force(ADMIN, "cus_1", second)
    assert office.figures() == {"Acme": ("0.00", None), "Umbrella": ("150.00", "paid")}
    office.force(ADMIN, "cus_1", first)
    assert office.figures() == {"Acme": ("150.00", "paid"), "Umbrella": ("0.00", None)}


def test_matching_by_hand_needs_both_ends_and_the_role(office: Office) -> None:
    account_id = office.create(ADMIN, name="Acme", domains=["acme.example"])
    office.synced()
    with pytest.raises(NotFound):
        office.force(ADMIN, "cus_1", "acc_of_nobody")
    with pytest.raises(NotFound):
        office.force(ADMIN, "cus_of_nobody", account_id)
    refusals: list[Callable[[], object]] = [
        lambda: office.create(MEMBER, name="x", domains=[]),
        lambda: office.change(MEMBER, account_id, name="x"),
        lambda: office.delete(MEMBER, account_id),
        lambda: office.import_file(MEMBER, b"name,domain\n"),
        lambda: office.force(MEMBER, "cus_1", account_id),
        lambda: office.drop(MEMBER, "cus_1"),
    ]
    for use in refusals:
        with pytest.raises(Forbidden):
            use()


def test_without_a_queue_no_account_changes(office: Office) -> None:
    office.queue.available = False
    with pytest.raises(QueueUnavailable):
        office.create(ADMIN, name="Acme", domains=["acme.example"])
    with pytest.raises(QueueUnavailable):
        office.import_file(ADMIN, b"name,domain\nAcme,acme.example\n")
    assert office.names_and_domains() == {}


FILE = (
    b'\xef\xbb\xbfname,domain,external_id\r\n"Acme, Inc. ""The Best""",ACME.example,crm-1\r\n'
    b"B\xc3\xbccher,b\xc3\xbccher.example;https://www.buecher.example/x,\r\n"
    b"Nobody,,\r\n,empty.example,\r\nTwice,acme.example,\r\nBad,not a domain!,\r\n\r\nOnly Id,,crm-2\r\n"
)


def test_a_file_is_taken_line_by_line(office: Office) -> None:
    report = office.import_file(ADMIN, FILE)
    assert (report.created, report.updated) == (3, 0)
    assert [rejected.line for rejected in report.rejected] == [4, 5, 6, 7]
    assert "line 2" in report.rejected[2].reason
    assert office.names_and_domains() == {
        'Acme, Inc. "The Best"': ("acme.example",),
        "Bücher": ("xn--bcher-kva.example", "www.buecher.example"),
        "Only Id": (),
    }
    again = office.import_file(ADMIN, FILE)
    assert (again.created, again.updated, again.unchanged, len(again.rejected)) == (0, 0, 3, 4)


def test_columns_that_nothing_is_taken_from_are_told(office: Office) -> None:
    report = office.import_file(ADMIN, b"Name,Owner,domain, MRR ,,external_id\nAcme,Ann,acme.example,12,x,\n")
    assert (report.created, report.left_out) == (1, ("owner", "mrr"))
    assert office.import_file(ADMIN, b"name,domain\nAcme,acme.example\n").left_out == ()


def test_importing_again_updates_by_outside_id_or_domain(office: Office) -> None:
    office.import_file(ADMIN, FILE)
    report = office.import_file(ADMIN, b"name,domain,external_id\nAcme,acme.io,crm-1\nBooks,www.buecher.example,\n")
    assert (report.created, report.updated, report.rejected) == (0, 2, ())
    assert office.names_and_domains()["Acme"] == ("acme.io", "acme.example")
    assert office.names_and_domains()["Books"] == ("www.buecher.example", "xn--bcher-kva.example")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"company,website\nAcme,acme.example\n",
        b"name,name,domain\nA,B,acme.example\n",
        b"name,domain\n\xff\xfe\xfa,acme.example\n",
        b'name,domain\n"Acme,acme.example\n',
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(office: Office, content: bytes) -> None:
    with pytest.raises(InvalidInput):
        office.import_file(ADMIN, content)
    assert office.names_and_domains() == {}


def test_files_from_spreadsheets_are_read(office: Office) -> None:
    semicolons = "Name;Domain\nAcme;acme.example\n".encode("utf-16")
    assert office.import_file(ADMIN, semicolons).created == 1


def test_fifty_thousand_lines_are_one_transaction(office: Office) -> None:
    lines = "".join(f"Company {number},c{number}.example\n" for number in range(50_000))
    assert office.import_file(ADMIN, f"name,domain\n{lines}".encode()).created == 50_000


def test_what_is_exported_can_be_imported(office: Office) -> None:
    """Guarantee K11: formulas are harmless in the file and whole again afterwards."""
    names = ["=1+1", "+cmd", "-5.00", "@x", "Plain, with comma"]
    for number, name in enumerate(names):
        office.create(ADMIN, name=name, domains=[f"n{number}.example"])
    text = "".join(office.export(MEMBER, AccountsQuery()))
    cells = [line.split(",")[0].strip('"') for line in text.splitlines()[1:]]
    assert not any(cell[:1] in "=+-@" for cell in cells)
    report = office.import_file(ADMIN, text.encode())
    assert (report.created, report.updated, report.unchanged, report.rejected) == (0, 0, len(names), ())
    assert set(office.names_and_domains()) == set(names)


@given(st.text())
def test_neutralised_cells_come_back_as_they_were(text: str) -> None:
    guarded = neutralised(text)
    assert not guarded.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    if guarded != text:
        assert original(guarded) == text


@pytest.mark.parametrize("name", ["", "   ", "\x00\x01", "x" * 301])
def test_names_have_to_be_names(office: Office, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        office.create(ADMIN, name=name, domains=[])
    assert list(refused.value.errors) == ["name"]


@pytest.mark.parametrize("domain", ["acme", "a b.example", "1.2.3.4", "two@at@signs.example", "-.-"])
def test_domains_have_to_be_domains(office: Office, domain: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        office.create(ADMIN, name="Acme", domains=[domain])
    assert list(refused.value.errors) == ["domain"]
