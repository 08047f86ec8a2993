"""Somebody asks Larry, follows his links, and goes on asking; with and without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.scene import Scene

from clynto.domain.roles import Role

pytestmark = pytest.mark.xdist_group("account stories")


def test_a_conversation_with_rows_links_and_its_query(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com"), ("Globex", "globex.com")])
    scene.customer("Acme", "acme.com", seats=10)
    scene.customer("Globex", "globex.com", seats=4)
    scene.connect()
    page = scene.page_of(Role.MEMBER, "/larry")
    page.get_by_role("button", name="Top 5 accounts by MRR").click()
    table = page.get_by_role("region", name="Rows of the answer")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row").nth(1)).to_contain_text("$120.00")
    assert table.locator("td.money").first.evaluate("cell => getComputedStyle(cell).textAlign") in ("right", "end")
    page.get_by_label("Your question").fill("What is the MRR of Acme?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The MRR of Acme is $120.00.")
    page.get_by_label("Your question").fill("what about Globex?")
    page.get_by_role("button", name="Ask", exact=True).click()
    newest = page.get_by_role("status")
    expect(newest).to_contain_text("The MRR of Globex is $48.00.")
    newest.get_by_text("How I got this").click()
    box = page.get_by_label("The typed query that ran over all rows")
    expect(box).to_have_value("account_fact(account=Globex, fact=mrr)")
    box.fill("account_fact(account=Globex, fact=arr)")
    page.get_by_role("button", name="Run it again").click()
    expect(page.get_by_role("status")).to_contain_text("The ARR of Globex is $576.00.")
    page.get_by_role("status").get_by_role("link", name="Globex", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Globex")
    page.get_by_label("Ask Larry about this account").fill("show the MRR trajectory")
    page.get_by_role("button", name="Ask Larry").click()
    expect(page.get_by_role("status")).to_contain_text("The MRR of Globex")
    page.goto("/larry")
    expect(page.get_by_role("complementary", name="Asked in this workspace")).to_contain_text(
        "What is the MRR of Acme?"
    )


def test_a_question_without_answer_offers_some_that_have_one(scene: Scene) -> None:
    scene.add_accounts([("Northwind Traders", "nt.example"), ("Northwind Labs", "nl.example")])
    page = scene.page_of(Role.MEMBER, "/larry")
    page.get_by_label("Your question").fill("What will our MRR be next month?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The future is not in the data")
    page.get_by_label("Your question").fill("Tell me about Northwind")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Which account do you mean")
    page.get_by_role("button", name='Tell me about "Northwind Labs"').click()
    expect(page.get_by_role("status")).to_contain_text("Northwind Labs has")


def test_it_works_without_script(scene: Scene) -> None:
    scene.add_accounts([("<b>Bold & Co</b>", "bold.example")])
    page = scene.page_of(Role.MEMBER, "/larry", script=False)
    page.get_by_label("Your question").fill("tell me about bold.example")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("<b>Bold & Co</b> has 0.00 MRR")
