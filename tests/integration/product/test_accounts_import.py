"""Files of accounts, over HTTP and from the command line, against a real database (guarantees K11,
K12)."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from tests.integration.product.conftest import SQLITE
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import small_seller
from tests.integration.product.stage import Stage, connected

LINES = 50_000


def imported(api: Api, content: bytes) -> Any:
    """Upload a file."""
    headers = {"Content-Type": "text/csv"}
    return api.call("POST", "/accounts/import", data=content, headers=headers, timeout=120, expect=200)


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_accounts_of_the_command_line_get_their_customers(stage: Stage, tmp_path: Path) -> None:
    """``clynto accounts import`` after the first sync: the figures come without another one."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(6)), accounts=False)
    connected(api, seller.key)
    assert api.card()["customers_matched"] == 0
    table = tmp_path / "accounts.csv"
    with table.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["name", "domain"])
        writer.writerows([company.name, company.domain] for company in seller.world.companies)
        writer.writerow(["Wrong", "no domain here"])
    told = stage.installation.run("accounts", "import", "--workspace", api.workspace_id, str(table))
    count = len(seller.world.companies)
    assert (told.returncode, told.stdout.strip()) == (0, f"{count} created, 0 updated, 0 unchanged, 1 rejected")
    assert told.stderr.startswith(f"line {count + 2}: ")
    matches = sum(truth["matches"] for truth in seller.world.truth()["customers"].values())
    wait_for("the customers to be matched", lambda: api.card()["customers_matched"] == matches)


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_an_export_runs_no_formula_and_comes_back_as_it_was(stage: Stage) -> None:
    """K11: names that a spreadsheet would run; after export and import every name is what it was."""
    api = stage.workspace("formulas")
    names = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tTab", " =HYPERLINK()", "'quoted", "Plain, Ltd"]
    for number, name in enumerate(names):
        api.post("/accounts", {"name": name, "domain": f"formula{number}.example"}, expect=201)
    kept = {row["domain"]: row["name"] for row in api.everything("/accounts")}
    exported = api.call("GET", "/accounts/export", expect=200).text
    cells = [cell for row in csv.reader(io.StringIO(exported)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r"))]
    other = stage.workspace("formulas-again")
    imported(other, exported.encode())
    assert {row["domain"]: row["name"] for row in other.everything("/accounts")} == kept


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_fifty_thousand_lines_come_in_once(stage: Stage) -> None:
    """K12: a large file, then the same file again: nothing is doubled, and the report says that nothing was to do."""
    api = stage.workspace("fifty-thousand")
    lines = (f"Company {number},company{number}.example,crm-{number}\n" for number in range(LINES))
    content = f"name,domain,external_id\n{''.join(lines)}".encode()
    assert imported(api, content) == {"created": LINES, "updated": 0, "rejected": []}
    assert imported(api, content) == {"created": 0, "updated": 0, "rejected": []}
    assert api.get("/accounts/totals")["accounts"] == LINES
