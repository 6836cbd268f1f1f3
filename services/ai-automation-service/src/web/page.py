"""Serves the page and its parts, under a policy that lets nothing else in."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent
_HEADERS = {
    # Home Assistant shows add-ons in a frame of its own origin, hence frame-ancestors 'self'.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    # Files change only with the service; the browser asks whether they did.
    "Cache-Control": "no-cache",
}


_PARTS = {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
    "kinds.svg": "image/svg+xml",
    "app.js": "text/javascript",
    "automation.js": "text/javascript",
    "card.js": "text/javascript",
    "day.js": "text/javascript",
    "element.js": "text/javascript",
    "reasons.js": "text/javascript",
    "whys.js": "text/javascript",
    "words.js": "text/javascript",
}


def _file(name: str, media_type: str) -> FileResponse:
    return FileResponse(_FOLDER / name, media_type=media_type, headers=_HEADERS)


@router.get("/")
async def page() -> FileResponse:
    """The page."""
    return _file("index.html", "text/html")


@router.get("/web/{name}")
async def part(name: str) -> FileResponse:
    """One of its parts."""
    if name not in _PARTS:
        raise HTTPException(404)
    return _file(name, _PARTS[name])
