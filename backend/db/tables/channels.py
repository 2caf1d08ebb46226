"""How people are reached: the accounts they linked, the order they prefer, and what was sent where."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from backend.db.tables.base import at, key, metadata, one_of, ref, words

# A message on its way to one person: the copy of a request on one step of a ladder, or words that ask nothing. It is
# written with the decision to say it; workers carry whatever `next_at` makes due, under a fenced lease.
deliveries = Table(
    "deliveries",
    metadata,
    key(),
    ref("request_id", "feedback_requests.id", nullable=True, index=True),
    ref("session_id", "sessions.id", nullable=True, index=True),
    ref("person_id", "people.id", index=True),
    one_of("channel"),
    Column("round", Integer, nullable=False, default=0),
    Column("step", Integer, nullable=False, default=0),
    # The whole ladder this copy is a step of: [{channel, wait_ms}]; null stands for the web chat alone.
    Column("ladder", JSON, nullable=True),
    # {text, author, about?, quotes?} where nothing is asked.
    Column("words", JSON, nullable=True),
    # What these words reply to: they are said once.
    Column("event_id", String(300), nullable=True, unique=True),
    Column("account", String(300), nullable=True),
    Column("thread", JSON, nullable=True),
    one_of("status"),
    Column("attempts", Integer, nullable=False, default=0),
    words("error", nullable=True),
    # How the provider finds the message again.
    Column("ref", JSON, nullable=True),
    Column("token", Integer, nullable=False, default=0),
    at("lease_until", nullable=True),
    at("next_at", nullable=True),
    at("created_at"),
    at("sent_at", nullable=True),
    at("seen_at", nullable=True),
    at("settled_at", nullable=True),
    Index("ix_deliveries_next_at", "next_at"),
)

# A reply that is shown on a channel while it is being written: one a run, until it is said or given up. `ref` finds what is
# shown; null: nobody knows yet whether anything is. The delivery of the reply will have `delivery_id`.
drafts = Table(
    "drafts",
    metadata,
    ref("run_id", "runs.id", primary_key=True),
    Column("delivery_id", String(40), nullable=False),
    one_of("channel"),
    Column("account", String(300), nullable=False),
    Column("thread", JSON, nullable=False),
    Column("ref", JSON, nullable=True),
    # Of the run's lease: whoever holds it shows the reply.
    Column("token", Integer, nullable=False),
    at("begun_at"),
)

# Every try, also those of closing a copy.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    ref("delivery_id", "deliveries.id", primary_key=True),
    Column("n", Integer, primary_key=True),
    one_of("verb"),
    at("began_at"),
    at("ended_at", nullable=True),
    one_of("outcome"),
    words("error", nullable=True),
)

# An account on a channel that a signed-in person proved to be theirs.
connections = Table(
    "connections",
    metadata,
    key(),
    ref("person_id", "people.id", index=True),
    one_of("channel"),
    Column("account", String(300), nullable=False),
    words("label"),
    one_of("status"),
    words("error", nullable=True),
    at("failing_since", nullable=True),
    at("created_at"),
    UniqueConstraint("channel", "account"),
)

# In which order a person wants to be asked; a channel without a row comes last.
preferences = Table(
    "preferences",
    metadata,
    ref("person_id", "people.id", primary_key=True),
    Column("channel", String(24), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("wait_ms", BigInteger, nullable=False),
)

# What lets us speak on a channel at all: a Slack workspace's bot, the agent's own mailbox. `secret` is sealed.
installations = Table(
    "installations",
    metadata,
    Column("channel", String(24), primary_key=True),
    Column("account", String(300), primary_key=True),
    words("label"),
    Column("detail", JSON, nullable=False),
    Column("secret", Text, nullable=False),
    one_of("status"),
    words("error", nullable=True),
    ref("installed_by", "people.id", nullable=True),
    at("created_at"),
    at("updated_at"),
)

# Proofs on their way: a sign-in at a provider that was begun here, or a code a person shall say on the channel.
link_proofs = Table(
    "link_proofs",
    metadata,
    Column("digest", String(64), primary_key=True),
    one_of("channel"),
    one_of("kind"),
    ref("person_id", "people.id"),
    Column("detail", JSON, nullable=False),
    at("expires_at"),
)

# Which place on a channel belongs to which session: a thread of messages, or a mail thread, and whose it is (null: of a time
# when only the session's owner was spoken with).
threads = Table(
    "threads",
    metadata,
    Column("channel", String(24), primary_key=True),
    Column("place", String(300), primary_key=True),
    ref("session_id", "sessions.id", index=True),
    ref("person_id", "people.id", nullable=True),
    Column("thread", JSON, nullable=False),
    at("created_at"),
)

# A socket of the web app that is open now, in whatever process; it counts until `until`.
presences = Table(
    "presences",
    metadata,
    key("socket_id"),
    ref("person_id", "people.id", index=True),
    at("until"),
)

groups = Table("groups", metadata, Column("name", String(100), primary_key=True), at("created_at"))

group_members = Table(
    "group_members",
    metadata,
    Column("group_name", String(100), primary_key=True),
    ref("person_id", "people.id", primary_key=True),
)
