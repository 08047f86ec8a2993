"""Style sheet, scripts and pictures: read once, packed once, served under an address that changes with the content."""

from __future__ import annotations

import gzip
import hashlib
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
_HTMX = files("js_lib_htmx").joinpath("static", "htmx")

_SOURCES: Mapping[str, tuple[Traversable, str]] = MappingProxyType(
    {
        "clynto.css": (_OWN, "text/css; charset=utf-8"),
        "clynto.js": (_OWN, "text/javascript; charset=utf-8"),
        "htmx.min.js": (_HTMX, "text/javascript; charset=utf-8"),
        "favicon.svg": (_OWN, "image/svg+xml"),
    }
)

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
    folder, content_type = _SOURCES[name]
    plain = folder.joinpath(name).read_bytes()
    return Asset(plain, gzip.compress(plain, 9, mtime=0), content_type, hashlib.sha256(plain).hexdigest()[:16])
