"""The store: opens the database, migrates it, and hands out the repositories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import insert, update

from src.domain.patterns import Json
from src.errors import DatabaseUnreachable, StoreError
from src.settings import Settings
from src.store.answers import AnswerRepository
from src.store.database import Database
from src.store.deployments import DeploymentRepository
from src.store.embeddings import EmbeddingRepository
from src.store.entities import EntityRepository
from src.store.events import EventRepository
from src.store.firings import FiringRepository
from src.store.leases import LeaseRepository
from src.store.migration import migrate
from src.store.patterns import PatternRepository
from src.store.replacement import mark_of, replace
from src.store.runs import RunRepository
from src.store.schema import probe
from src.store.snapshot import Snapshot, rows_in, take_snapshot
from src.store.way_back import Shelf, keep_the_way_back


class Store:
    """One open database. Safe to share between threads.

    Attributes:
        events, entities, patterns, answers, firings, deployments, runs, embeddings, leases: the repositories.
        schema_version: the revision of the tables, such as ``0001``.
    """

    events: EventRepository
    entities: EntityRepository
    patterns: PatternRepository
    answers: AnswerRepository
    firings: FiringRepository
    deployments: DeploymentRepository
    runs: RunRepository
    embeddings: EmbeddingRepository
    leases: LeaseRepository
    schema_version: str

    def __init__(self, database: Database, schema_version: str) -> None:
        self._database = database
        self.schema_version = schema_version
        self.events = EventRepository(database)
        self.entities = EntityRepository(database)
        self.patterns = PatternRepository(database)
        self.answers = AnswerRepository(database)
        self.firings = FiringRepository(database)
        self.deployments = DeploymentRepository(database)
        self.runs = RunRepository(database)
        self.embeddings = EmbeddingRepository(database)
        self.leases = LeaseRepository(database)

    @classmethod
    def open(cls, url: str, shelf: Shelf | None = None) -> Store:
        """Connect and migrate to the newest schema. The folder of an SQLite file is made.

        Args:
            url: SQLAlchemy URL, ``sqlite:///path`` or ``postgresql://...``; ``sqlite://`` for one in memory.
            shelf: where a server's database is copied to before it is upgraded; None: it is not.

        Raises:
            DatabaseUnreachable, DatabaseTooNew.
            StoreError: no room on the disk, or another process keeps it locked.
        """
        database = Database(url)
        try:
            return cls(database, migrate(database, keep=partial(keep_the_way_back, database, shelf)))
        except BaseException:
            database.close()
            raise

    @classmethod
    def of(cls, settings: Settings) -> Store:
        """The store that the settings name, with a copy in ``DATA_DIR`` or beside the file before an upgrade.

        Raises:
            DatabaseUnreachable, DatabaseTooNew, StoreError.
        """
        return cls.open(settings.store_url, Shelf.of(settings))

    def check(self) -> None:
        """Read and write once. Raises DatabaseUnreachable."""
        try:
            with self._database.write() as connection:
                if connection.execute(update(probe).values(written=probe.c.written + 1)).rowcount == 0:
                    connection.execute(insert(probe).values(id=1, written=1))
        except DatabaseUnreachable:
            raise
        except StoreError as error:
            raise DatabaseUnreachable(self._database.name, error.message.rstrip(".")) from error

    def snapshot(self, path: Path) -> Snapshot:
        """Everything as it is at one moment, as a new SQLite file; nobody waits for it.

        Raises:
            NoRoom, StoreError, DatabaseUnreachable.
        """
        return take_snapshot(self._database, path, self.schema_version)

    def rows(self) -> Mapping[str, int]:
        """How much there is of everything that a snapshot takes along, by table."""
        return rows_in(self._database)

    def replace(self, copy: Path, *, now: int, interrupted: Callable[[str], Json], before: Callable[[], None]) -> None:
        """Put the content of an SQLite file in the place of everything; see :func:`src.store.replacement.replace`."""
        replace(self._database, copy, now=now, interrupted=interrupted, before=before)

    def restored(self) -> str | None:
        """Which restore put there what there is; who knows some of it by heart forgets it when this changes."""
        with self._database.read() as connection:
            return mark_of(connection)

    def close(self) -> None:
        """Give back every connection. Nothing is lost by not calling it."""
        self._database.close()
