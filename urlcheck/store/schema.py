"""The tables of a state file, and the steps from each version of them to the next.

Times are in milliseconds since 1970, UTC. The view `link` has the same in words, for people who use `sqlite3`.
"""

from __future__ import annotations

# "urlc": tells a state file from any other SQLite file
APPLICATION_ID = 0x75726C63

# `run`: each run with `--state`, and the process that does it; while it is unfinished `ended` is null, and its results are
# those after number `first`. `result`: in order of completion, so that inserts append; `n` is the position in the input, `id`
# the keyed hash of the URL; `facts` is JSON. Those that are superseded go at the end of a run. `target`: each URL and its last
# result; `since`: when it began to pass, or not to; `streak`: how many checks in a row went the same way. `event`: a change of
# a verdict. `rollup`: repeated checks by the hour; an hour with a row and none counted was in maintenance.
_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, inputs BLOB, settings BLOB NOT NULL, first INTEGER NOT NULL,
    started INTEGER NOT NULL, ended INTEGER, process INTEGER, host TEXT,
    passed INTEGER, failed INTEGER, new INTEGER, still INTEGER, fixed INTEGER
);
CREATE TABLE result (
    number INTEGER PRIMARY KEY, n INTEGER NOT NULL, id INTEGER NOT NULL, url TEXT NOT NULL, verdict TEXT NOT NULL,
    checked_at INTEGER NOT NULL, cached INTEGER NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE target (
    id INTEGER PRIMARY KEY, result INTEGER NOT NULL, verdict TEXT NOT NULL, since INTEGER NOT NULL, streak INTEGER NOT NULL,
    last_ok INTEGER
);
CREATE INDEX target_failing ON target (id) WHERE verdict <> 'ok';
CREATE TABLE event (target INTEGER NOT NULL, at INTEGER NOT NULL, "from" TEXT, "to" TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX event_target ON event (target, at);
CREATE TABLE rollup (
    target INTEGER NOT NULL, hour INTEGER NOT NULL, passed INTEGER NOT NULL, counted INTEGER NOT NULL,
    PRIMARY KEY (target, hour)
) WITHOUT ROWID;
CREATE VIEW link AS SELECT
    url, target.verdict, json_extract(facts, '$.status') AS status, json_extract(facts, '$.detail') AS detail,
    datetime(since / 1000, 'unixepoch') AS since, streak, datetime(last_ok / 1000, 'unixepoch') AS last_ok,
    datetime(checked_at / 1000, 'unixepoch') AS checked_at, json_extract(facts, '$.elapsed') / 1000.0 AS elapsed_ms,
    json_extract(facts, '$.source') AS source, json_extract(facts, '$.line') AS line
FROM target JOIN result ON result.number = target.result;
CREATE VIEW change AS SELECT
    datetime(event.at / 1000, 'unixepoch') AS at, url, "from", "to", event.detail
FROM event JOIN target ON target.id = event.target JOIN result ON result.number = target.result;
"""

# The state of a target in a watch, and since when; a change of it is an event with the verdict that made it.
_STATES = """
ALTER TABLE target ADD COLUMN state TEXT;
ALTER TABLE target ADD COLUMN state_since INTEGER;
ALTER TABLE event ADD COLUMN verdict TEXT;
"""

# the statements that lead from version n to n + 1, at index n
MIGRATIONS = (_FIRST, _STATES)
VERSION = len(MIGRATIONS)

HEADER_SIZE = 100
_MAGIC = b"SQLite format 3\0"


class UnusableFileError(Exception):
    """A file that is no state file of this version; the message says why."""


def check_header(header: bytes, size: int, *, has_log: bool) -> None:
    """Raises `UnusableFileError` unless a file that begins so is empty, or a state file of this version or an older one.

    `size` is that of the file in bytes; one with a log beside it may be longer than its header says.
    See https://www.sqlite.org/fileformat.html, 1.3.
    """
    if not size:
        return
    if len(header) < HEADER_SIZE or not header.startswith(_MAGIC):
        raise UnusableFileError("it is another kind of file; name one that does not exist, or one that urlcheck has written")
    numbers = {name: int.from_bytes(header[at : at + 4], "big") for name, at in _FIELDS.items()}
    if numbers["application_id"] != APPLICATION_ID:
        raise UnusableFileError("it is the database of another program; name a file of its own")
    if numbers["user_version"] > VERSION:
        version = numbers["user_version"]
        raise UnusableFileError(
            f"a newer urlcheck has written it (version {version}; this one reads up to {VERSION}); update it"
        )
    page = int.from_bytes(header[16:18], "big")
    if not has_log and numbers["pages"] * (65536 if page == 1 else page) > size:
        raise UnusableFileError("it is damaged: its end is missing; restore it, or remove it to begin anew")


_FIELDS = {"pages": 28, "user_version": 60, "application_id": 68}
