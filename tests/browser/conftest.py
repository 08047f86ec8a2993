"""A real product in processes of its own, a real Chromium, and for each test a workspace of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.browser.scene import CHROMIUM_OPTIONS, PATIENCE, Scene, find_chromium, new_scene
from tests.integration.webhooks.running_product import RunningProduct


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; without one the tests are skipped, but not where a machine checks (CI)."""
    path = find_chromium()
    if path is None:
        told = "no Chromium found: install the package 'chromium' to run the browser tests"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browsed_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """Web server, worker, Redis and pretended Stripe accounts, on SQLite."""
    product = RunningProduct(tmp_path_factory.mktemp("product"), None)
    try:
        product.start()
        yield product
    finally:
        product.stop()


@pytest.fixture
def scene(browsed_product: RunningProduct, chromium: Browser) -> Iterator[Scene]:
    """A fresh workspace; at the end nothing may have asked anybody else or complained."""
    browsed_product.put_right()
    scene = new_scene(browsed_product, chromium)
    yield scene
    scene.close()
    browsed_product.stripe.control.clear_faults()
    browsed_product.stripe.control.set_latency(0)
    assert scene.complaints == []
