"""Every error this service raises on purpose, in one tree.

    ServiceError
    ├── InputError                   the caller can mend it
    │   ├── HistoryNotFound          no such file
    │   ├── HistoryUnreadable        a file, but not one we can read (a directory, another program's database, ...)
    │   ├── HistoryColumnsMissing    a table without timestamp, entity_id or state
    │   ├── HistoryEmpty             readable, and nothing in it is usable
    │   ├── AutomationsUnreadable    the home's file of automations cannot be read, or is none
    │   ├── UnknownTimeZone          not a name of the IANA database
    │   ├── UnknownKind              not a kind of pattern this version mines
    │   ├── UnknownModel             not a name of the catalog
    │   ├── CatalogInvalid           a person's own file of models says what cannot be
    │   ├── InvalidSetting           a setting or argument outside its range
    │   ├── BackupUnreadable         no backup of this service, or a damaged one
    │   ├── BackupTooNew             written by a later version of this service
    │   └── AddressTaken             another program listens where the service should
    ├── NotFound                     no pattern, run or interest of that id
    ├── NoHistory                    a run was asked for and the store holds no events
    ├── StoreError                   the database cannot be used
    │   ├── DatabaseUnreachable
    │   ├── DatabaseTooNew           written by a later version of this service
    │   ├── NoRoom                   the disk cannot hold what is to be written
    │   ├── BackupNotWritten         the file of a backup cannot be made where it should be
    │   └── StoreReplaced            a restore put another content in its place in the middle
    ├── ModelError                   a model cannot be used
    │   ├── ModelUnavailable         none of its sources has it
    │   ├── ModelCorrupt             its files are not what the catalog says
    │   ├── ModelInUse               it cannot be unloaded now
    │   ├── ModelLocked              another process is preparing it
    │   └── ModelBusy                more is waiting for it than it can answer soon
    ├── RunError
    │   ├── RunInProgress            another run holds this home's lease
    │   ├── RestoreBlocked           a run or a change of automations must not be in the middle of a restore
    │   └── RunInterrupted           the process died, or was asked to stop, in the middle of a run
    ├── HomeAssistantError           the home's own Home Assistant cannot be used
    │   ├── HomeAssistantNotSet      nobody said where it is, or gave no token
    │   ├── HomeAssistantUnreachable it does not answer
    │   ├── HomeAssistantRefused     it does not take the token, or the token may not do that
    │   └── HomeAssistantFailed      it answered that it cannot do what was asked
    └── AutomationError              no automation can be made, written or taken back
        ├── NotAutomatable           a pattern that asks for nothing a home can do
        ├── AutomationRefused        a check speaks against it
        ├── AutomationChanged        somebody changed it by hand; it is theirs now
        ├── AutomationBusy           another call is changing the home's automations
        └── NotDeployed              there is none of ours to take back

Each says what happened, what it was about, and what to do. ``code`` is stable: scripts and the HTTP
API may rely on it, messages may be reworded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


class ServiceError(Exception):
    """Root of the tree.

    Attributes:
        code: stable identifier in snake case.
        message: what happened, in a sentence.
        remedy: what the reader can do about it, in a sentence; empty when nothing helps but a report.
        about: what it was about (a path, an id, a setting), or None.
    """

    code = "internal"

    def __init__(self, message: str, remedy: str = "", *, about: str | None = None) -> None:
        self.message = message
        self.remedy = remedy
        self.about = about
        super().__init__(f"{message} {remedy}".strip())


class InputError(ServiceError):
    code = "invalid_input"


class HistoryNotFound(InputError):
    code = "history_not_found"

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"There is no history at {path}.",
            "Give the path of a CSV, JSON Lines or Parquet file, or of Home Assistant's home-assistant_v2.db.",
            about=str(path),
        )


class HistoryUnreadable(InputError):
    code = "history_unreadable"

    def __init__(self, path: Path | str, why: str, remedy: str) -> None:
        super().__init__(f"The history at {path} cannot be read: {why}.", remedy, about=str(path))


class HistoryColumnsMissing(InputError):
    code = "history_columns_missing"

    def __init__(self, path: Path | str, missing: list[str], found: list[str]) -> None:
        super().__init__(
            f"The history at {path} has no column {', '.join(missing)}; it has {', '.join(found) or 'none'}.",
            "Name the columns timestamp, entity_id and state; origin is optional.",
            about=str(path),
        )


class HistoryEmpty(InputError):
    code = "history_empty"

    def __init__(self, path: Path | str, skipped: dict[str, int]) -> None:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items()))
        super().__init__(
            f"The history at {path} holds no usable event" + (f" (skipped: {reasons})." if reasons else "."),
            "Check that rows have an ISO 8601 timestamp, an entity id such as light.kitchen, and a state.",
            about=str(path),
        )


class AutomationsUnreadable(InputError):
    """Attributes:
    line: of the file, from 1, where it goes wrong; None if that is not known.
    """

    def __init__(self, path: Path | str, why: str, line: int | None = None) -> None:
        where = "" if line is None else f" at line {line}"
        mend = "Give Home Assistant's automations.yaml" if line is None else "Mend that line"
        super().__init__(
            f"The automations in {path} cannot be read: {why}{where}.",
            f"{mend}; in Home Assistant, Developer tools, YAML, Check configuration says more.",
            about=str(path),
        )
        self.line = line


class UnknownTimeZone(InputError):
    code = "unknown_time_zone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is not a time zone of the IANA database.",
            "Use a name such as Europe/Berlin or America/New_York.",
            about=name,
        )


class UnknownKind(InputError):
    code = "unknown_kind"

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"{name!r} is not a kind of pattern this version mines.",
            f"Choose from {', '.join(known)}.",
            about=name,
        )


class UnknownModel(InputError):
    code = "unknown_model"

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no model {name!r}.", f"Choose from {', '.join(known)}.", about=name)


class CatalogInvalid(InputError):
    code = "catalog_invalid"

    def __init__(self, path: Path | str, problem: str, wanted: str) -> None:
        super().__init__(f"The models of {path} cannot be used: {problem}.", f"It takes {wanted}.", about=str(path))


class InvalidSetting(InputError):
    code = "invalid_setting"

    def __init__(self, name: str, value: object, wanted: str) -> None:
        given = "empty" if value in (None, "") else repr(value)
        super().__init__(f"{name} cannot be {given}.", f"It takes {wanted}.", about=name)


class AddressTaken(InputError):
    code = "address_taken"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Another program already listens on {host} port {port}.",
            "Stop it (it may be this service in another terminal), or choose another with PORT.",
            about=f"{host}:{port}",
        )


class BackupUnreadable(InputError):
    code = "backup_unreadable"

    def __init__(self, file: Path | str, why: str) -> None:
        super().__init__(
            f"The backup {file} cannot be restored: {why}.",
            "Nothing was changed. Take another backup, or fetch this one again from where it was kept.",
            about=str(file),
        )


class BackupTooNew(InputError):
    code = "backup_too_new"

    def __init__(self, file: Path | str, version: str, found: str, known: str) -> None:
        super().__init__(
            f"The backup {file} was written by a later version, {version} ({found}; this version knows {known}).",
            f"Nothing was changed. Restore it with version {version} or a later one.",
            about=str(file),
        )


class NotFound(ServiceError):
    code = "not_found"

    def __init__(self, what: str, identifier: str) -> None:
        super().__init__(
            f"There is no {what} {identifier}.", f"List what there is with GET /{what}s.", about=identifier
        )


class NoHistory(ServiceError):
    code = "no_history"

    def __init__(self) -> None:
        super().__init__(
            "No history has been imported yet, so there is nothing to mine.",
            "Set HA_URL and HA_TOKEN, or HISTORY, run `python -m src.cli import FILE`, or name a file in the request.",
        )


class StoreError(ServiceError):
    code = "store_error"


class DatabaseUnreachable(StoreError):
    code = "database_unreachable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"The database {url} cannot be used: {why}.",
            "Check DATABASE_URL, that the server runs and that the folder is writable.",
            about=url,
        )


class DatabaseTooNew(StoreError):
    code = "database_too_new"

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"The database was written by a later version (schema {found}; this version knows {known}).",
            "Upgrade the service, or restore the backup made before the upgrade.",
            about=found,
        )


class NoRoom(StoreError):
    """Attributes:
    missing: bytes that are to be freed.
    """

    code = "no_room"

    def __init__(self, what: str, folder: Path | str, needed: int, free: int) -> None:
        self.missing = max(needed - free, 0)
        super().__init__(
            f"There is no room for {what}: {folder} has {free / 1e6:,.0f} MB free and it takes {needed / 1e6:,.0f} MB.",
            f"Nothing was changed. Free {self.missing / 1e6:,.0f} MB there and do the same again.",
            about=str(folder),
        )


class StoreReplaced(StoreError):
    code = "store_replaced"

    def __init__(self) -> None:
        super().__init__(
            "A backup was restored while this was being written, so it has not been.",
            "Do the same again; what is there already is not added twice.",
        )


class BackupNotWritten(StoreError):
    code = "backup_not_written"

    def __init__(self, file: Path | str, why: str) -> None:
        super().__init__(
            f"The backup {file} cannot be written: {why}.",
            "What was there before is still there. Choose a folder that this user may write to and that has room.",
            about=str(file),
        )


class ModelError(ServiceError):
    code = "model_error"


class ModelUnavailable(ModelError):
    code = "model_unavailable"

    def __init__(self, role: str, tried: list[str]) -> None:
        super().__init__(
            f"The {role} model could not be had from any of its sources: {'; '.join(tried) or 'none is set'}.",
            "Check the network or HF_ENDPOINT and run `python scripts/download-models.py`.",
            about=role,
        )
        self.tried = tried


class ModelCorrupt(ModelError):
    code = "model_corrupt"

    def __init__(self, role: str, why: str) -> None:
        super().__init__(
            f"The files of the {role} model are not what the catalog says: {why}.",
            "They were moved aside; the next use fetches them again.",
            about=role,
        )


class ModelInUse(ModelError):
    code = "model_in_use"

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} model is in use.", "Ask again when that work is done.", about=name)


class ModelLocked(ModelError):
    code = "model_locked"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another process is preparing the {name} model now.", "Try again when it has finished.", about=name
        )


class ModelBusy(ModelError):
    """Attributes:
    seconds: after which another try makes sense.
    """

    code = "model_busy"

    def __init__(self, role: str, waiting: int, seconds: float) -> None:
        super().__init__(
            f"The {role} model is busy: {waiting} texts are waiting for it.",
            f"Ask again in {seconds:.0f} s, or raise MODEL_QUEUE.",
            about=role,
        )
        self.seconds = seconds


class RunError(ServiceError):
    code = "run_error"


class RunInProgress(RunError):
    code = "run_in_progress"

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Run {run_id} is already at work on this home with other inputs.",
            f"Wait for it (GET /runs/{run_id}) and ask again.",
            about=run_id,
        )


class RestoreBlocked(RunError):
    code = "restore_blocked"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} on this home right now, so nothing was restored.",
            "Do it again later, or add --wait SECONDS to wait for the end of it.",
        )


class RunInterrupted(RunError):
    code = "run_interrupted"

    def __init__(self, run_id: str, why: str) -> None:
        super().__init__(
            f"Run {run_id} did not finish: {why}.",
            "The results of the run before it are still in place; start another.",
            about=run_id,
        )


class HomeAssistantError(ServiceError):
    code = "home_assistant_error"


class HomeAssistantNotSet(HomeAssistantError):
    code = "home_assistant_not_set"

    def __init__(self) -> None:
        super().__init__(
            "No Home Assistant is set, so there is nothing to ask.",
            "Set HA_URL and HA_TOKEN (a long-lived access token of an administrator).",
        )


class HomeAssistantUnreachable(HomeAssistantError):
    """Attributes:
    url: without user, password or query.
    """

    code = "home_assistant_unreachable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"Home Assistant at {url} cannot be reached: {why}.",
            "Check that it runs and that HA_URL is right as seen from this service; nothing is lost meanwhile.",
            about=url,
        )
        self.url = url


class HomeAssistantRefused(HomeAssistantError):
    code = "home_assistant_refused"

    def __init__(self, url: str, what: str = "the token") -> None:
        super().__init__(
            f"Home Assistant at {url} refuses {what}.",
            "Make a new long-lived access token as an administrator (profile, Security) and set it as HA_TOKEN.",
            about=url,
        )


class HomeAssistantFailed(HomeAssistantError):
    """Attributes:
    reason: Home Assistant's own code for it, such as ``invalid_format``.
    """

    code = "home_assistant_failed"

    def __init__(self, asked: str, reason: str, why: str) -> None:
        super().__init__(
            f"Home Assistant could not do {asked}: {why.rstrip('.')} ({reason}).",
            "Its log says more; check that its version is 2024.3 or later.",
            about=asked,
        )
        self.reason = reason


class AutomationError(ServiceError):
    code = "automation_error"


class NotAutomatable(AutomationError):
    code = "not_automatable"

    def __init__(self, pattern_id: str, why: str) -> None:
        super().__init__(
            f"No automation can be made of pattern {pattern_id}: {why}.",
            "It can be told, accepted or rejected all the same.",
            about=pattern_id,
        )


class AutomationRefused(AutomationError):
    """Attributes:
    reasons: each with ``code``, ``message``, ``remedy``, ``about`` and, where a person may allow it, ``confirm``.
    """

    code = "automation_refused"

    def __init__(self, pattern_id: str, reasons: Sequence[Mapping[str, object]]) -> None:
        said = " ".join(str(reason["message"]) for reason in reasons)
        super().__init__(
            f"The automation of pattern {pattern_id} was not written. {said}",
            " ".join(dict.fromkeys(str(reason["remedy"]) for reason in reasons if reason.get("remedy"))),
            about=pattern_id,
        )
        self.reasons = tuple(reasons)


class AutomationChanged(AutomationError):
    code = "automation_changed"

    def __init__(self, automation_id: str) -> None:
        super().__init__(
            f"The automation {automation_id} was changed by hand after it was made, so it is left as it is.",
            "Change or delete it in Home Assistant.",
            about=automation_id,
        )


class AutomationBusy(AutomationError):
    code = "automation_busy"

    def __init__(self) -> None:
        super().__init__(
            "Another call is changing the automations of this home right now.", "Ask again in a minute or two."
        )


class NotDeployed(AutomationError):
    code = "not_deployed"

    def __init__(self, pattern_id: str) -> None:
        super().__init__(
            f"There is no automation of pattern {pattern_id} in Home Assistant.",
            f"Make one with POST /patterns/{pattern_id}/deploy.",
            about=pattern_id,
        )
