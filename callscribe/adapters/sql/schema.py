"""The tables. Portable types only: the same schema serves SQLite and PostgreSQL.

Times are unix ms. A change of a call has a number, gapless from 1 within the call: a segment's stands in
`segments`, every other's in `changes`, and `calls.last_change` is the last one given. JSON is kept as text, so
that it can be read in place.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _of_call() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["call_id"], ["calls.id"], ondelete="CASCADE")


calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("call_connection_id", Text, index=True),
    Column("correlation_id", Text, index=True),
    Column("server_call_id", Text, index=True),
    Column("external_id", Text, index=True),
    Column("state", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("last_change", Integer, nullable=False),
    Column("zero", BigInteger),
    Column("body", Text, nullable=False),
    Index(None, "created_at", "id"),
    Index(None, "state", "created_at"),
)

call_participants = Table(
    "call_participants",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("raw_id", Text, primary_key=True, index=True),
    _of_call(),
)

streams = Table(
    "streams",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("locale", Text),
    Column("model", Text),
    Column("incarnation", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("origin", BigInteger),
    _of_call(),
)

segments = Table(
    "segments",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("participant", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("duration", BigInteger),
    Column("confidence", Double),
    Column("locale", Text),
    Column("sentiment", Text),
    Column("words", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("call_id", "id"),
    ForeignKeyConstraint(["call_id", "stream_id"], ["streams.call_id", "streams.id"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

changes = Table(
    "changes",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    _of_call(),
    sqlite_with_rowid=False,
)

gaps = Table(
    "gaps",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", Text),
    _of_call(),
)

operations = Table(
    "operations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
    _of_call(),
)

# The record takes what comes, also what names no call of ours, so it has no foreign key.
events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("call_id", Text),
    Column("note", Text),
    Column("data", Text),
    Index(None, "call_id", "at", "id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    # Commands and observations have tags of their own, so a column tells which of the two `work` is.
    Column("family", Text, nullable=False),
    Column("work", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False, index=True),
    Column("deadline", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("leased_to", Text),
    Column("leased_until", BigInteger),
    _of_call(),
)

pushes = Table(
    "pushes",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("sink", Text, primary_key=True),
    Column("delivered", Integer, nullable=False),
    Column("due", Boolean, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_to", Text),
    Column("leased_until", BigInteger),
    _of_call(),
    Index(None, "sink", "due", "next_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary, nullable=False),
    Column("location", Text),
    Column("at", BigInteger, nullable=False, index=True),
)
