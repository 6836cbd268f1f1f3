"""Fetch, convert and verify the models, so that the first analysis does not wait for them.

    python scripts/download-models.py
    python scripts/download-models.py --allow-missing reranker,classifier
    python scripts/download-models.py --only embedding --format json

Ends with 1 when a model that is not allowed to be missing is missing, and says why. ``python -m src.cli models
download`` does the same for one model or a deployment profile.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.commands.model_choice import models_named, models_used
from src.commands.models_fetch import Fetched, fetch_models
from src.errors import ServiceError
from src.settings import load_settings
from src.terminal import Terminal


def names(text: str) -> frozenset[str]:
    """Names of a comma-separated list."""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def line(fetched: Fetched, allowed: bool) -> str:
    """A result for people."""
    result = fetched.to_json()
    if result["ready"]:
        size, seconds = f"{result['bytes'] / 1e6:.1f} MB", f"{result['seconds']:.1f} s"
        return f"{result['name']:<10}  {result['precision']}  {size:>9}  {seconds:>7}  {result['source']}"
    tried = "".join(f"\n            {reason}" for reason in result["tried"])
    return f"{result['name']:<10}  missing{' (allowed)' if allowed else ''}{tried}"


def main() -> int:
    """Fetch what was asked for; the exit code."""
    parser = argparse.ArgumentParser(description="Fetch, convert and verify the models.")
    parser.add_argument("--only", type=names, default=frozenset(), metavar="NAMES", help="instead of all that is used")
    parser.add_argument("--allow-missing", type=names, default=frozenset(), metavar="NAMES")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    as_text = arguments.format == "text"
    terminal = Terminal(as_json=not as_text)
    try:
        settings = load_settings()
        models_named(sorted(arguments.allow_missing), settings)  # a slip of the pen is not ignored
        cards = models_named(sorted(arguments.only), settings) or models_used(settings)
    except ServiceError as error:
        parser.error(str(error))

    def tell(fetched: Fetched) -> None:
        if as_text:
            terminal.show(line(fetched, fetched.card.name in arguments.allow_missing))

    results = fetch_models(cards, settings, terminal, then=tell)
    if not as_text:
        print(json.dumps({"models": [fetched.to_json() for fetched in results]}, indent=2))
    missing = [
        fetched.card.name
        for fetched in results
        if fetched.entry is None and fetched.card.name not in arguments.allow_missing
    ]
    if missing:
        mend = "Unset HF_HUB_OFFLINE" if settings.hf_hub_offline else "Check the network or HF_ENDPOINT"
        print(f"Missing: {', '.join(missing)}. {mend} and run this again.", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
