"""Files from a models' hub, through ``huggingface_hub``, verified.

:func:`fetch` runs in the preparing child process, which can be killed at its deadline; the serving process never
imports ``huggingface_hub``. It only asks, with :class:`HubProbe`, whether there is a hub at all.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from src.models.catalog import HubSource, SourceFile
from src.models.files import git_blob_hash, sha256

logger = logging.getLogger(__name__)

_REMEMBERED = 60.0  # seconds for which a hub that did not answer is not asked again
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


class SourceFailed(Exception):
    """Why one source does not have the model; its message completes "<source>: ..."."""


class HubProbe:
    """Whether the hub answers, asked at most once a minute when it does not, whatever the model.

    Args:
        timeout: seconds it has, name look-up included.
        clock: seconds, monotonic.
    """

    def __init__(self, endpoint: str, timeout: float, clock: Callable[[], float]) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: tuple[float, str] | None = None

    def failure(self) -> str | None:
        """None when the hub answers, otherwise why it cannot be used."""
        with self._lock:
            if self._failed and self._clock() - self._failed[0] < _REMEMBERED:
                return self._failed[1]
            why = self._ask()
            self._failed = (self._clock(), why) if why else None
            if why:
                logger.warning("hub_unreachable endpoint=%s why=%r", self.endpoint, why)
            return why

    def _ask(self) -> str | None:
        if urlsplit(self.endpoint).scheme not in ("http", "https"):
            return f"HF_ENDPOINT {self.endpoint} is no http address"
        answers: list[str | None] = []
        # A thread, because no timeout of the socket covers the look-up of the name.
        asking = threading.Thread(target=lambda: answers.append(self._answer()), name="hub-probe", daemon=True)
        asking.start()
        asking.join(self._timeout)
        return answers[0] if answers else self._late()

    def _answer(self) -> str | None:
        request = Request(f"{self.endpoint}/api/models", method="HEAD")  # noqa: S310  # the scheme was checked
        try:
            with urlopen(request, timeout=self._timeout):  # noqa: S310
                return None
        except HTTPError as error:
            error.close()
            return f"{self.endpoint} answered {error.code}" if error.code >= 500 else None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            return self._late() if isinstance(reason, TimeoutError) else f"{self.endpoint} cannot be reached ({reason})"

    def _late(self) -> str:
        return f"{self.endpoint} did not answer within {self._timeout:g} s"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Verified files of one commit.

    Attributes:
        files: by their path in the repository.
        commit: the full hash.
    """

    files: dict[str, Path]
    commit: str


def downloads_folder(models_dir: Path) -> Path:
    """Where downloads are kept, in the hub's layout: ``HF_HUB_CACHE``, ``HF_HOME/hub``, or ``models_dir/hub``."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser().absolute()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser().absolute() / "hub"
    return models_dir.absolute() / "hub"


def has_downloads(source: HubSource, downloads: Path) -> bool:
    """Whether anything of the source's repository was ever fetched, so that looking without a hub makes sense."""
    return (downloads / f"models--{source.repository.replace('/', '--')}" / "snapshots").is_dir()


def fetch(source: HubSource, downloads: Path, *, endpoint: str, token: str, local: bool) -> Fetched:
    """Every file of the source, from one commit, each checked against a sha256 or the hub's own statement.

    Args:
        local: ask nobody, use what was downloaded before.

    Raises:
        SourceFailed: the hub does not have it, does not give it, or gave something else.
    """
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    files: dict[str, Path] = {}
    revision = source.revision or "main"
    for file in source.files:
        try:
            path = hf_hub_download(
                source.repository,
                file.path,
                revision=revision,
                cache_dir=downloads,
                endpoint=endpoint.rstrip("/"),
                token=token or False,
                local_files_only=local,
            )
        except LocalEntryNotFoundError as error:
            cause = error.__cause__ or error
            why = f"{file.path} was not downloaded before" if local else f"{file.path} did not arrive ({cause})"
            raise SourceFailed(why) from error
        except HfHubHTTPError as error:
            raise SourceFailed(f"{file.path}: {_first_line(error)}") from error
        except (OSError, ValueError) as error:
            raise SourceFailed(f"{file.path}: {type(error).__name__}: {_first_line(error)}") from error
        files[file.path] = Path(path)
        # Files of a moving head must all be of the commit that the first one was of.
        revision = Path(path).relative_to(downloads).parts[2]
        _verify(file, Path(path))
    return Fetched(files, revision)


def _verify(file: SourceFile, path: Path) -> None:
    """Against the catalog's sha256, else against the entity tag, which is the name of the downloaded blob."""
    blob = path.resolve()
    stated = file.sha256 or blob.name
    if _SHA256.fullmatch(stated):
        found = sha256(blob)
    elif _SHA1.fullmatch(stated):
        found = git_blob_hash(blob)
    else:
        raise SourceFailed(f"{file.path}: the hub states no hash for it, and the catalog has none")
    if found != stated:
        # The next try must fetch it again.
        path.unlink()
        blob.unlink(missing_ok=True)
        raise SourceFailed(f"{file.path} has hash {found}, not {stated}")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
