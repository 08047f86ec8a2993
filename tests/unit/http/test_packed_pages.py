"""Pages travel packed; everything else, and callers that cannot unpack, get plain bytes. Sheets come in their order."""

from __future__ import annotations

import gzip

from flask.testing import FlaskClient

from clynto.entrypoints.http.assets import asset_url

PACKED = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_packed_for_a_browser_and_plain_for_others(stranger: FlaskClient) -> None:
    plain = stranger.get("/login")
    packed = stranger.get("/login", headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert b"Sign in to Clynto" in gzip.decompress(packed.data)
    assert {"Accept-Encoding", "Cookie"} <= set(packed.vary)
    refused = stranger.get("/login", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_json_stays_plain(stranger: FlaskClient) -> None:
    answer = stranger.get("/api/v1/openapi.json", headers=PACKED)
    assert "Content-Encoding" not in answer.headers
    assert answer.get_json()["openapi"]


def test_bootstrap_lies_in_a_layer_beneath_our_own_sheet(stranger: FlaskClient) -> None:
    page = stranger.get("/login").text
    assert page.index("/bootstrap.css") < page.index("/clynto.css")
    with stranger.application.test_request_context():
        address = asset_url("bootstrap.css")
    sheet = stranger.get(address)
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    text = sheet.text
    assert text.startswith("@layer bootstrap{")
    assert text.endswith("}")
    assert ".visually-hidden" in text
    assert "sourceMappingURL" not in text
    assert "@charset" not in text
