"""A database that refuses what no lock was taken for: each row that Assent writes must belong to something its transaction
holds the lock of, or the transaction must hold the lock of all. So a lock that was forgotten is a red test.

The triggers ask the server which locks there are; they know nothing of what a use case says it needs."""

import psycopg

from backend.db.migrate import migrate
from backend.db.postgres.advisory_locks import EVERYTHING
from tests.support.postgres import Postgres

# By table, to whom a row belongs, and the column that says so. Tables that are not here only who runs alone may write.
OWNERS = {
    "sessions": ("session", "id"),
    "messages": ("session", "session_id"),
    "events": ("session", "session_id"),
    "summaries": ("session", "session_id"),
    "runs": ("session", "session_id"),
    "feedback_requests": ("session", "session_id"),
    "run_events": ("run", "run_id"),
    "executions": ("run", "run_id"),
    "drafts": ("run", "run_id"),
    "approvals": ("request", "request_id"),
    "recipients": ("request", "request_id"),
    "votes": ("request", "request_id"),
    "feedback_responses": ("request", "request_id"),
    "deliveries": ("delivery", "id"),
    "delivery_attempts": ("delivery", "delivery_id"),
    "audit": ("scope", "scope"),
    "audit_heads": ("scope", "scope"),
    "people": ("person", "id"),
    "sign_ins": ("person", "person_id"),
    "ws_tickets": ("person", "person_id"),
    "connections": ("person", "person_id"),
    "preferences": ("person", "person_id"),
    "threads": ("place", "place", "channel"),
    "mails": ("mailbox", "mailbox"),
    "mailboxes": ("mailbox", "account"),
}
ALONE = ("groups", "group_members", "installations", "link_proofs", "restores", "erasure_permits")
# A key that two take at once one of them hears of by the unique index, and tries again; a socket is one process's own.
FREE = ("idempotency_keys", "presences")

_FUNCTIONS = f"""
CREATE FUNCTION holds(key bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
        AND ((classid::bigint << 32) | objid::bigint) = key AND (mode = 'ExclusiveLock' OR key <> {EVERYTHING})
    )
$$;
CREATE FUNCTION owns(key text) RETURNS boolean LANGUAGE sql AS $$
    SELECT coalesce(holds(hashtextextended(key, 0)) OR strpos(current_setting('guard.born', true), key) > 0, false)
$$;
CREATE FUNCTION may_write(kind text, id text, place text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    CASE kind
        WHEN 'session', 'person', 'scope' THEN RETURN owns(id);
        WHEN 'run' THEN RETURN owns((SELECT session_id FROM runs WHERE runs.id = may_write.id));
        WHEN 'request' THEN RETURN owns((SELECT session_id FROM feedback_requests r WHERE r.id = may_write.id));
        WHEN 'mailbox' THEN RETURN owns('mailbox ' || id);
        WHEN 'place' THEN RETURN owns('place ' || place || '/' || id);
        WHEN 'delivery' THEN RETURN (
            SELECT CASE WHEN d.request_id IS NULL THEN owns(d.session_id) OR owns(d.person_id) ELSE owns(r.session_id) END
            FROM deliveries d LEFT JOIN feedback_requests r ON r.id = d.request_id WHERE d.id = may_write.id
        );
        ELSE RETURN false;
    END CASE;
END $$;
CREATE FUNCTION refuse_without_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what text := format('SELECT ($1).%I::text, ($1).%I::text', TG_ARGV[1], TG_ARGV[2]);
    id text;
    channel text;
BEGIN
    IF current_setting('application_name') <> 'assent' OR holds({EVERYTHING}) THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'sessions' AND TG_OP = 'INSERT' THEN
        PERFORM set_config('guard.born', coalesce(current_setting('guard.born', true), '') || ' ' || NEW.id, true);
    END IF;
    IF TG_OP <> 'INSERT' THEN
        EXECUTE what INTO id, channel USING OLD;
        IF may_write(TG_ARGV[0], id, channel) IS NOT TRUE THEN
            RAISE EXCEPTION '% of % without the lock of % %', TG_OP, TG_TABLE_NAME, channel, id;
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE what INTO id, channel USING NEW;
        IF may_write(TG_ARGV[0], id, channel) IS NOT TRUE THEN
            RAISE EXCEPTION '% of % without the lock of % %', TG_OP, TG_TABLE_NAME, channel, id;
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""


def make_guarded(postgres: Postgres, database: str) -> str:
    """A new, migrated database that is guarded; its URL."""
    url = postgres.make(database)
    migrate(url)
    guard_locks(url)
    return url


def guard_locks(url: str) -> None:
    """From now on, in the migrated database at `url`."""
    with psycopg.connect(url) as connection:
        connection.execute(_FUNCTIONS.encode())
        for table, (kind, *columns) in {**OWNERS, **dict.fromkeys(ALONE, ("alone", "tableoid"))}.items():
            what = ", ".join(f"'{word}'" for word in (kind, columns[0], columns[-1]))
            connection.execute(
                f"CREATE TRIGGER guarded AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
                f"EXECUTE FUNCTION refuse_without_lock({what})".encode()
            )
