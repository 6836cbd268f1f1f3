"""Fetch, convert and verify the models, so that the first analysis does not wait for them.

    python scripts/download-models.py
    python scripts/download-models.py --allow-missing reranker,classifier
    python scripts/download-models.py --only embedding --format json

Ends with 1 when a model that is not allowed to be missing is missing, and says why.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.domain.patterns import Json
from src.errors import ModelUnavailable, ServiceError
from src.models.catalog import Role
from src.models.model_manager import ModelManager
from src.settings import load_settings


def roles(text: str) -> frozenset[Role]:
    """Roles of a comma-separated list."""
    try:
        return frozenset(Role(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: choose from {', '.join(Role)}") from None


def fetch(manager: ModelManager, role: Role) -> Json:
    """What became of one model, in the fields that are printed."""
    started = time.perf_counter()
    try:
        entry = manager.prepare(role)
    except ModelUnavailable as error:
        return {"role": role.value, "ready": False, "tried": error.tried}
    manifest = entry.manifest
    return {
        "role": role.value,
        "ready": True,
        **{name: manifest[name] for name in ("model", "source", "revision", "precision")},
        "bytes": entry.size,
        "seconds": round(time.perf_counter() - started, 1),
    }


def line(result: Json, allowed: bool) -> str:
    """A result for people."""
    if result["ready"]:
        size, seconds = f"{result['bytes'] / 1e6:.1f} MB", f"{result['seconds']:.1f} s"
        return f"{result['role']:<10}  {result['precision']}  {size:>9}  {seconds:>7}  {result['source']}"
    tried = "".join(f"\n            {reason}" for reason in result["tried"])
    return f"{result['role']:<10}  missing{' (allowed)' if allowed else ''}{tried}"


def main() -> int:
    """Fetch what was asked for; the exit code."""
    parser = argparse.ArgumentParser(description="Fetch, convert and verify the models.")
    parser.add_argument("--only", type=roles, default=frozenset(Role), metavar="ROLES", help="of " + ",".join(Role))
    parser.add_argument("--allow-missing", type=roles, default=frozenset(), metavar="ROLES")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    try:
        manager = ModelManager(load_settings())
    except ServiceError as error:
        parser.error(str(error))
    results = []
    for role in Role:
        if role not in arguments.only:
            continue
        results.append(fetch(manager, role))
        if arguments.format == "text":
            print(line(results[-1], role in arguments.allow_missing), flush=True)
    if arguments.format == "json":
        print(json.dumps({"models": results}, indent=2))
    missing = [
        result["role"] for result in results if not result["ready"] and result["role"] not in arguments.allow_missing
    ]
    if missing:
        print(
            f"Missing: {', '.join(missing)}. Check the network or HF_ENDPOINT and run this again.",
            file=sys.stderr,
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
