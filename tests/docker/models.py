"""Tiny models of all three roles as repositories of a hub, and a catalog that pins every file of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.unit.classifier import tiny_t5
from tests.unit.models import tiny

ROLES = ("embedding", "reranker", "classifier")
_EMBEDDING = f'dimensions = {tiny.WIDTH}\npooling = "mean"\n'


def write_hub(folder: Path) -> Path:
    """``tiny/embedding``, ``tiny/reranker`` and ``tiny/classifier``."""
    tiny.write_model(folder / "tiny/embedding", tiny.encoder_tensors(seed=1), tiny.bert_config())
    tiny.write_model(folder / "tiny/reranker", tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    tiny_t5.write_model(folder / "tiny/classifier", tiny_t5.tensors(seed=3), tiny_t5.config())
    return folder


def write_catalog(file: Path, hub: Path) -> Path:
    """The three roles served by the models of a hub's folder, each file with its sha256 and size."""
    file.write_text("\n".join(_card(role, hub / "tiny" / role) for role in ROLES), "utf-8")
    return file


def _card(role: str, folder: Path) -> str:
    files = ",\n".join(
        f'  {{ path = "{file.name}", sha256 = "{hashlib.sha256(file.read_bytes()).hexdigest()}",'
        f" size = {file.stat().st_size} }}"
        for file in sorted(folder.iterdir())
    )
    return (
        f'[[model]]\nname = "{role}"\nrole = "{role}"\nmodel = "tiny/{role}"\nmax_tokens = 64\nlicence = "MIT"\n'
        f"{_EMBEDDING if role == 'embedding' else ''}[[model.source]]\nfiles = [\n{files},\n]\n"
    )
