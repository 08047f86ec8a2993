"""Style sheets, scripts and pictures: read once, packed once, served under an address that changes with the content."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from flask import Blueprint, Response, abort, request, url_for

from clynto.entrypoints.http.access import public

_KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"
_OWN = files("clynto.entrypoints.http").joinpath("static")
_HTMX = files("js_lib_htmx").joinpath("static", "htmx", "htmx.min.js")
_BOOTSTRAP = files("flask_bootstrap").joinpath("static", "bootstrap5", "css", "bootstrap.min.css")
_STYLE, _SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"

_SOURCES: Mapping[str, tuple[Traversable, str]] = MappingProxyType(
    {
        "bootstrap.css": (_BOOTSTRAP, _STYLE),
        "clynto.css": (_OWN.joinpath("clynto.css"), _STYLE),
        "clynto.js": (_OWN.joinpath("clynto.js"), _SCRIPT),
        "htmx.min.js": (_HTMX, _SCRIPT),
        "favicon.svg": (_OWN.joinpath("favicon.svg"), "image/svg+xml"),
    }
)
_SIGNS_OF_A_FILE = re.compile(rb'^@charset "[^"]*";|/\*# sourceMappingURL=.*?\*/')

assets = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. ``version`` is a digest of its content."""

    plain: bytes
    packed: bytes
    content_type: str
    version: str


@assets.get("/assets/<version>/<name>")
@public
def asset(version: str, name: str) -> Response:
    """One file. An old address answers with the new content, which is then not kept."""
    if name not in _SOURCES:
        abort(404)
    held = _read(name)
    packs = request.accept_encodings.quality("gzip") > 0
    answer = Response(held.packed if packs else held.plain, content_type=held.content_type)
    answer.headers["Cache-Control"] = _KEPT_FOR_A_YEAR if version == held.version else "no-store"
    answer.vary.add("Accept-Encoding")
    if packs:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def asset_url(name: str) -> str:
    """Where ``name`` is served as it is now."""
    return url_for("assets.asset", version=_read(name).version, name=name)


@lru_cache(maxsize=len(_SOURCES))
def _read(name: str) -> Asset:
    file, content_type = _SOURCES[name]
    plain = file.read_bytes()
    if file is _BOOTSTRAP:
        plain = _beneath_our_own(plain)
    return Asset(plain, gzip.compress(plain, 9, mtime=0), content_type, hashlib.sha256(plain).hexdigest()[:16])


def _beneath_our_own(style: bytes) -> bytes:
    """``style`` in a cascade layer: whatever our own sheet says wins, however weak its selector (ADR 0035)."""
    return b"@layer bootstrap{" + _SIGNS_OF_A_FILE.sub(b"", style) + b"}"
