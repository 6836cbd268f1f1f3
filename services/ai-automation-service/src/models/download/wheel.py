"""Source weights that an installed Python distribution carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from src.models.catalog.model_card import WheelSource
from src.models.download.files import safe_path, sha256
from src.models.download.hub import SourceFailed


def wheel_files(source: WheelSource) -> dict[str, Path]:
    """The files of the source by name, those with a known sha256 checked. The package is located, not imported.

    Raises:
        SourceFailed: it is not installed, or not with these files.
    """
    spec = find_spec(source.package)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise SourceFailed("not installed")
    folder = Path(next(iter(places))) / source.folder
    files = {file.path: folder / safe_path(file.path) for file in source.files}
    for file in source.files:
        path = files[file.path]
        if not path.is_file():
            raise SourceFailed(f"has no {file.path}")
        if file.sha256 and (found := sha256(path)) != file.sha256:
            raise SourceFailed(f"{file.path} has sha256 {found}, not {file.sha256}")
    return files
