"""Headers that every answer carries: what a browser may do with it and who may keep it."""

from __future__ import annotations

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

HSTS = "max-age=31536000"
COOKIELESS_ENDPOINTS = frozenset({"static", "assets.asset"})
"""Files of the product itself, the same for everybody: they may be kept."""


def add_answer_headers(app: Flask, *, is_https: bool) -> None:
    """Put the headers on every answer, errors included."""

    def complete(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        if is_https:
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint not in COOKIELESS_ENDPOINTS:
            # No proxy or browser may show one person's answer to another (guarantees K9).
            response.headers["Cache-Control"] = "no-store"
            response.vary.update(("Cookie", "Authorization"))
        return response

    app.after_request(complete)
