"""The tables, as the newest migration leaves them. A test compares the two.

Times are µs since the epoch, UTC. No column has a default in the database: what a row holds is said by the code
that writes it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# JSON and not JSONB on PostgreSQL: a record is given back letter for letter, keys in their order.
_JSON = JSON(none_as_null=True)

home = Table(
    "home",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: one home a database
    Column("time_zone", Text, nullable=False),
    # Degrees north and east; both or neither.
    Column("latitude", Double),
    Column("longitude", Double),
)

entity = Table(
    "entity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity_id", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("area", Text),
    Column("device_class", Text),
    Column("unit", Text),
)

state_text = Table(
    "state_text",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    # Unique by digest: PostgreSQL cannot index a text of more than some 2,700 bytes.
    Column("digest", LargeBinary(16), nullable=False, unique=True),
)

# No foreign keys here: they would be checked for every event, and only `EventRepository.add` writes this table,
# in the transaction that writes the entities and texts it points to.
event = Table(
    "event",
    metadata,
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", Integer, primary_key=True, autoincrement=False),
    Column("state", Integer, primary_key=True, autoincrement=False),
    Column("origin", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)

source = Table(
    "source",
    metadata,
    Column("key", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True),  # in the order of their beginning, also within one microsecond
    Column("id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("night", Text),
    Column("resumes", Text),  # the first run of the same request, which was interrupted
    Column("stage", Text, nullable=False),
    Column("request", _JSON, nullable=False),
    Column("inputs", _JSON, nullable=False),
    Column("versions", _JSON, nullable=False),
    Column("counts", _JSON, nullable=False),
    Column("timings", _JSON, nullable=False),
    Column("left_out", _JSON, nullable=False),
    Column("error", _JSON),
)
_succeeded_at_night = and_(run.c.state == "succeeded", run.c.trigger == "nightly")
Index(
    "uq_run_succeeded_night",
    run.c.night,
    unique=True,
    sqlite_where=_succeeded_at_night,
    postgresql_where=_succeeded_at_night,
)
Index("ix_run_state", run.c.state)
Index("ix_run_resumes", run.c.resumes)

pattern = Table(
    "pattern",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),  # this one counts, not the one inside `data`
    Column("category", Text),
    Column("position", Integer, nullable=False),  # 0 is the strongest; what the last run missed comes after the rest
    Column("first_run", Text, ForeignKey("run.id"), nullable=False),
    Column("last_run", Text, ForeignKey("run.id"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("data", _JSON, nullable=False),
    Column("correction", _JSON),  # what a person set right; `data` stays as it was mined
    Column("until", BigInteger),  # when a snoozed one is to be shown again
)
Index("ix_pattern_position", pattern.c.position)

# No foreign key to the pattern: what people said counts for routines that are found under another id as well.
answer = Table(
    "answer",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("pattern", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("reasons", _JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("correction", _JSON),
    Column("form", _JSON, nullable=False),  # the pattern as it was when it was answered
)
Index("ix_answer_pattern", answer.c.pattern)

firing = Table(
    "firing",
    metadata,
    Column("automation", Text, primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
)

described_entity = Table(
    "described_entity",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("labels", _JSON, nullable=False),
    Column("left_out", Text),  # why its events are no behaviour: hidden, disabled, ...
)

deployment = Table(
    "deployment",
    metadata,
    Column("pattern", Text, ForeignKey("pattern.id"), primary_key=True),
    Column("automation", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("version", Integer),  # what Home Assistant has, as far as is known
    Column("target", Integer),  # what is being written
    Column("guarded", BigInteger),
    Column("entity_id", Text),
    Column("checked", BigInteger),
)

deployment_version = Table(
    "deployment_version",
    metadata,
    Column("pattern", Text, ForeignKey("deployment.pattern"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("config", _JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("replaces", Integer),
)

shortlist = Table(
    "shortlist",
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("interest", Text, nullable=False),
    Column("patterns", _JSON, nullable=False),
)

why = Table(
    "why",
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("reasons", _JSON, nullable=False),
)

embedding = Table(
    "embedding",
    metadata,
    Column("model", Text, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("dims", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

probe = Table(
    "probe",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("written", BigInteger, nullable=False),  # how often `Store.check` wrote it
)
