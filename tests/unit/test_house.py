"""The rules of the house, kept by reading every file: who imports whom, what is exported, what the docs promise."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from src.settings import Settings

REPO = Path(__file__).resolve().parents[2]
SERVICE = REPO / "services" / "ai-automation-service"
SRC = SERVICE / "src"

BASE = {"domain", "settings", "errors", "box", "observability"}
ROOMS_BELOW = BASE | {"home_assistant", "history", "mining", "models", "simulation", "store", "automations"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "__init__": {"box"},
    "box": set(),
    "domain": {"errors"},
    "settings": {"domain", "errors"},
    "observability": {"domain", "settings", "errors"},
    "logging_setup": {"domain", "observability"},
    "home_assistant": BASE,
    "history": BASE | {"home_assistant"},
    "mining": BASE,
    "models": BASE,
    "simulation": BASE,
    "store": BASE,
    "automations": BASE | {"home_assistant"},
    "analysis": BASE | {"home_assistant", "history", "mining", "models", "automations", "store"},
    "jobs": ROOMS_BELOW | {"analysis"},
    "api": ROOMS_BELOW | {"analysis", "jobs", "logging_setup"},
    "web": ROOMS_BELOW | {"analysis", "jobs"},
    "main": ROOMS_BELOW | {"analysis", "jobs", "api", "web", "logging_setup"},
    "terminal": BASE,
    "routine_tables": BASE | {"terminal"},
    "doctor": ROOMS_BELOW | {"analysis", "jobs"},
    "commands": ROOMS_BELOW
    | {"analysis", "jobs", "doctor", "api", "main", "logging_setup", "terminal", "routine_tables"},
    "cli": BASE | {"terminal", "commands"},
    "addon": BASE | {"logging_setup"},
}
# Inside the room of the models; what lies in no folder of it joins them, and none of them knows that.
MODELS_MAY_IMPORT: dict[str, set[str]] = {
    "catalog": set(),
    "download": {"catalog"},
    "infer": {"catalog"},
    "convert": {"catalog", "infer"},
    "prepare": {"catalog", "download", "convert"},
}
HTTP_SERVERS = {"fastapi", "starlette", "uvicorn"}
MAY_SERVE = {"api", "web", "main", "commands"}
SQL = {"sqlalchemy", "alembic", "sqlite3", "psycopg", "pymysql", "duckdb"}
MAY_KNOW_SQL = {"store", "history", "simulation"}  # the simulation writes what the history reads
CONVERTERS = {"torch", "transformers", "sentence_transformers", "optimum", "nncf"}
MAY_CONVERT = "models/convert/optimum_export.py:"  # inside its functions, in the preparing child process


def source_files() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def room_of(path: Path) -> str:
    """``history`` of ``src/history/csv.py``; ``cli`` of ``src/cli.py``."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of every import, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write `from src...`"
            if node.module == "src":
                yield from ((node.lineno, f"src.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module or ""


def misplaced(packages: set[str], allowed_rooms: set[str]) -> list[str]:
    return [
        f"{path.relative_to(SRC)}:{line} imports {name}"
        for path in source_files()
        for line, name in imports_of(path)
        if name.partition(".")[0] in packages and room_of(path) not in allowed_rooms
    ]


def test_every_room_has_its_place_in_the_house() -> None:
    rooms = {room_of(path) for path in source_files()} - {"__init__"}
    assert rooms <= set(MAY_IMPORT), "say in MAY_IMPORT whom the new room may import"


def test_imports_go_down_only() -> None:
    wrong = [
        f"{path.relative_to(SRC)}:{line} imports {name}"
        for path in source_files()
        for line, name in imports_of(path)
        if name.startswith("src.")
        and (target := name.split(".")[1]) != (room := room_of(path))
        and target not in {"__version__"}
        and target not in MAY_IMPORT[room]
    ]
    assert wrong == []


def test_the_folders_of_the_models_import_down_only() -> None:
    wrong = [
        f"{path.relative_to(SRC)}:{line} imports {name}"
        for path in source_files()
        for folder, allowed in MODELS_MAY_IMPORT.items()
        if (SRC / "models" / folder) in path.parents
        for line, name in imports_of(path)
        if name.startswith("src.models.") and name.split(".")[2] not in {folder, *allowed}
    ]
    assert wrong == []
    assert set(MODELS_MAY_IMPORT) == {found.parent.name for found in (SRC / "models").glob("*/__init__.py")}


def test_nothing_below_the_api_knows_http_serving() -> None:
    assert misplaced(HTTP_SERVERS, MAY_SERVE) == []


def test_only_what_reads_or_writes_databases_knows_sql() -> None:
    assert misplaced(SQL, MAY_KNOW_SQL) == []


def test_serving_needs_no_converter() -> None:
    wrong = [line for line in misplaced(CONVERTERS, set()) if not line.startswith(MAY_CONVERT)]
    assert wrong == []


# LOG_LEVEL is read before the settings, so that a command without settings can log as well; the hub's library has
# variables of its own; the export gives the libraries that it calls theirs; the add-on's start makes the environment
# that the settings of the program it turns into are read from; the doctor looks for what is no setting and should be;
# the box tells native libraries their threads, and child processes where temporary files go.
MAY_READ_THE_ENVIRONMENT = {
    "settings.py",
    "cli.py",
    "addon.py",
    "box/libraries.py",
    "box/temporary.py",
    "doctor/given.py",
    "models/download/hub.py",
    "models/convert/optimum_export.py",
}


def test_the_process_that_prepares_a_model_imports_only_what_the_conversion_environment_has() -> None:
    """MODEL_CONVERT_PYTHON has requirements/convert.txt and nothing of the service's."""
    locked = (SERVICE / "requirements/convert.txt").read_text("utf-8")
    has = {name.replace("-", "_") for name in re.findall(r"^([a-z0-9-]+)==", locked, re.MULTILINE)}
    told = (
        "import sys; import src.models.prepare.prepare_process, src.models.convert.conversion;"
        "print(*{name.partition('.')[0] for name, module in sys.modules.items()"
        " if 'site-packages' in (getattr(module, '__file__', None) or '')})"
    )
    ran = subprocess.run([sys.executable, "-c", told], cwd=SERVICE, capture_output=True, text=True, check=True)
    imported = set(ran.stdout.split())
    assert {"numpy", "httpx"} <= imported
    assert {name for name in imported if not name.startswith("_")} - has == set()


def test_only_the_settings_read_the_environment() -> None:
    reads = re.compile(r"\bos\.(?:environ|getenv)\b")
    found = {path.relative_to(SRC).as_posix() for path in source_files() if reads.search(path.read_text("utf-8"))}
    assert found <= MAY_READ_THE_ENVIRONMENT


EXPORTS = {
    "src.history": ["HistoryRead", "SourceInfo", "read_history", "read_in_parts"],
    "src.mining": ["Memory", "MiningResult", "mine"],
    "src.store": ["Store"],
}


@pytest.mark.parametrize("room", EXPORTS)
def test_a_room_exports_what_it_promised(room: str) -> None:
    assert sorted(importlib.import_module(room).__all__) == EXPORTS[room]


def test_the_model_manager_keeps_its_public_names() -> None:
    module = importlib.import_module("src.models.model_manager")
    public = (
        "generate_embeddings",
        "rerank",
        "classify_pattern",
        "get_model_info",
        "get_embedding_model",
        "get_reranker_model",
        "get_classifier_model",
    )
    assert callable(module.get_model_manager)
    assert [name for name in public if not callable(getattr(module.ModelManager, name, None))] == []


def _type_for_people(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    return {
        str: "text",
        int: "whole number",
        float: "number",
        float | None: "number",
        bool: "`true` or `false`",
        Path: "folder",
    }[annotation]  # type: ignore[index]


def test_the_docs_have_the_table_of_settings() -> None:
    expected = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        shown = f"`{default}`" if default else "empty"
        expected.append(f"| `{name.upper()}` | {_type_for_people(field.annotation)} | {shown} | {field.description} |")
    page = (REPO / "docs" / "settings.md").read_text("utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `")] == expected


SKIPPED_FOLDERS = {
    ".git",
    ".venv",
    ".venvs",
    ".docker-engine",
    ".home-assistant",
    ".data",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "__pycache__",
    "node_modules",
    "build",
    "dist",
}


def texts_of_the_repository(folder: Path = REPO) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in SKIPPED_FOLDERS or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from texts_of_the_repository(path)
        else:
            data = path.read_bytes()
            if b"\0" not in data:
                yield path, data.decode("utf-8", "replace")


# In pieces, so that this file does not name them itself.
_REGISTRY_HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry\\.npmjs" + r"\.org", r"deb\.debian" + r"\.org"])
)
# A container's own /root/.cache is no developer's machine.
_DEVELOPER_PATHS = re.compile(r"(?<![\w.~$}*-])/(?:home/[a-z]|Users/[A-Za-z]|root/(?!\.cache)|work/)")


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("the host of a package registry", _REGISTRY_HOSTS), ("a path of a developer's machine", _DEVELOPER_PATHS)],
    ids=["registry", "path"],
)
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(REPO)}:{number}"
        for path, text in texts_of_the_repository()
        if path != Path(__file__).resolve()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"these lines name {what}"


def test_the_search_for_paths_finds_one() -> None:
    assert _DEVELOPER_PATHS.search("open('/" + "home/someone/x.csv')")
    assert not _DEVELOPER_PATHS.search("src/work/x and infra/home/x")


@pytest.mark.parametrize(
    ("module", "must_stay_out"),
    [
        ("src.cli", {"openvino", "sqlalchemy", "fastapi", "numpy", "pydantic"}),
        ("src.commands.mine", {"openvino", "sqlalchemy", "fastapi", "pydantic"}),
        ("src.mining", {"openvino", "sqlalchemy", "fastapi"}),
        ("src.store", {"openvino", "fastapi"}),
        ("src.analysis.sentences", {"openvino", "sqlalchemy", "fastapi"}),
        ("src.models.convert.optimum_export", {"openvino", *CONVERTERS}),
    ],
)
def test_importing_a_room_loads_no_heavy_package_it_does_not_need(module: str, must_stay_out: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=SERVICE, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert must_stay_out & set(loaded) == set()
