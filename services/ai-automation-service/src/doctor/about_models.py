"""The models: which are here and whole, where others would come from, and whether the hub answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx

from src.doctor.finding import Finding, failed, note, ok, skipped, warning
from src.doctor.places import place_of
from src.doctor.situation import Situation
from src.doctor.stand_ins import Absence
from src.errors import ModelCorrupt
from src.models.catalog.model_catalog import ModelCard
from src.models.download.hub import downloads_folder
from src.models.prepare.cache import ModelCache
from src.models.prepare.upkeep import size_of
from src.settings import Settings

_FETCH = "Run `python scripts/download-models.py`"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def look_at_models(situation: Situation) -> Iterator[Finding]:
    """Every model of the settings, in the cache. None is loaded."""
    settings = situation.settings
    cache = ModelCache(settings.models_dir)
    absence = Absence.of(settings)
    for card in absence.catalog.values():
        yield _model(card, cache, situation, absence)
    aside = sorted(path.name for path in (cache.root / "quarantine").glob("*"))
    if aside:
        yield note(
            "quarantine",
            f"set aside because their files were wrong: {', '.join(aside)}",
            "If it comes again check the disk; else these folders may be deleted.",
        )
    downloads = downloads_folder(settings.models_dir)
    if downloads.is_dir():
        yield ok("downloads", f"{size_of(downloads) / 1e6:,.0f} MB in {downloads}")


def _model(card: ModelCard, cache: ModelCache, situation: Situation, absence: Absence) -> Finding:
    key = card.key(situation.settings.quantization)
    manifest = cache.peek(card.name, key)
    folder = cache.root / card.name / key
    if manifest is None:
        if folder.is_dir():
            return _corrupt(card, "its list of files cannot be read")
        return _missing(card, situation, absence)
    source = manifest.get("source") or "a source that it does not name"
    size = sum(int(output["bytes"]) for output in manifest["outputs"].values())
    fact = f"{key}, {size / 1e6:.0f} MB, from {source}"
    if situation.deep:
        try:
            cache.find(card.name, key)
        except ModelCorrupt as error:
            return _corrupt(card, error.message)
        return ok(card.name, f"{fact}; every file has its hash")
    wrong = [name for name, stated in manifest["outputs"].items() if _size(folder / name) != stated["bytes"]]
    if wrong:
        return _corrupt(card, f"{', '.join(wrong)} missing, cut off or unreadable")
    return ok(card.name, f"{fact}; sizes are right (--deep reads every byte)")


def _corrupt(card: ModelCard, why: str) -> Finding:
    return failed(card.name, why, f"{_FETCH}: it sets the files aside and fetches them again. Check the disk as well.")


def _missing(card: ModelCard, situation: Situation, absence: Absence) -> Finding:
    fact = "not here"
    sources = [source.name for source in card.sources if situation.settings.quantization in source.precisions]
    if here := absence.at_hand.get(card.name):
        asked = here != sources[0] and not situation.settings.hf_hub_offline
        hub = f"fetches it from {sources[0]} or, where that fails, " if asked else ""
        return note(card.name, f"{fact}; the first use {hub}makes it from {here}", f"{_FETCH} to have it now.")
    if situation.settings.hf_hub_offline:
        stand_in = absence.stand_in(card)
        return (warning if stand_in.serves else failed)(
            card.name,
            f"{fact}, and HF_HUB_OFFLINE forbids to fetch it; {stand_in.method}",
            f"{_FETCH} with HF_HUB_OFFLINE=0, or copy MODELS_DIR from a machine that has it.",
        )
    return note(card.name, f"{fact}; the first use fetches it from {', '.join(sources)}", f"{_FETCH} to have it now.")


def look_at_hub(situation: Situation) -> Iterator[Finding]:
    """One question to HF_ENDPOINT, without a token; a redirect is not followed."""
    settings = situation.settings
    absence = Absence.of(settings)
    place = place_of(settings.hf_endpoint)
    if place is None or place.scheme not in ("http", "https"):
        yield failed("hub", "HF_ENDPOINT is no http address", "Set it as https://huggingface.co, or unset it.")
        return
    hub = settings.hf_endpoint.rstrip("/") == Settings.model_fields["hf_endpoint"].default
    mirror = "" if hub else " (a mirror: HF_ENDPOINT is set)"
    shown = f"{place.scheme}://{place.host}" if not mirror else place.shown
    if settings.hf_hub_offline:
        yield skipped("hub", f"{shown}{mirror} is not asked: HF_HUB_OFFLINE is set")
        return
    proxies = sorted(name for name in situation.given.values if name in _PROXIES)
    if proxies:
        yield note("proxy", f"downloads go through the proxy of {', '.join(proxies)}", "If it fails, check that proxy.")
    situation.connects("HF_ENDPOINT")
    why = _why_not(settings.hf_endpoint, situation.answer_within)
    if not why:
        yield ok("hub", f"{shown}{mirror} answers")
    elif absence.lost:
        remedy = (
            "Let the service reach it (DNS, firewall, proxy), or name a mirror in HF_ENDPOINT, or copy MODELS_DIR from"
            " a machine that has the models."
        )
        yield (warning if absence.served else failed)(
            "hub", f"{shown}{mirror} cannot be used: {why}; {absence.told()}", situation.remedy(place, remedy)
        )
    else:
        rest = "what is missing can be made of what is here" if absence.at_hand else "every model is here"
        yield note("hub", f"{shown}{mirror} cannot be used: {why}; {rest}, so nothing is needed of it")


def _why_not(endpoint: str, timeout: float) -> str:
    """Any answer will do, as it does for the download itself."""
    try:
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            status = client.head(f"{endpoint.rstrip('/')}/api/models").status_code
    except httpx.TimeoutException:
        return f"it did not answer within {timeout:g} s"
    except httpx.ConnectError as error:
        said = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in said:
            return "its certificate is not trusted here (name your own authority's file in SSL_CERT_FILE)"
        unknown = ("Name or service not known", "name resolution", "getaddrinfo", "No address associated")
        return "its name is not known here" if any(word in said for word in unknown) else "nothing answers there"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"the connection failed ({type(error).__name__})"
    return "a network login page stands before it (511)" if status == 511 else ""


def _size(path: Path) -> int | None:
    """Bytes of a file that may be read."""
    try:
        return path.stat().st_size if os.access(path, os.R_OK) else None
    except OSError:
        return None
