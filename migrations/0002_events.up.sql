-- SPDX-License-Identifier: MIT
-- What is watched while it happens. Nothing here must outlast a crash, so nothing is written to the log for it. Also
-- applied, where it is missing, by a process that is given a database for its events alone: hence IF NOT EXISTS.

-- `preceding`: how many bytes of the job were published before; `kept` false: beyond what is kept of a job, for those
-- who watch now, removed a minute later.
CREATE UNLOGGED TABLE IF NOT EXISTS events (
    job       uuid NOT NULL,
    sequence  bigint NOT NULL,
    kind      smallint NOT NULL,
    kept      boolean NOT NULL,
    preceding bigint NOT NULL,
    at        bigint NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (job, sequence)
);
CREATE INDEX IF NOT EXISTS events_passing ON events (at) WHERE NOT kept;

-- Not the table's own sequence: that one would be unlogged too, and begin anew after a crash, below what receivers have
-- seen.
CREATE SEQUENCE IF NOT EXISTS controls_sequence;
CREATE UNLOGGED TABLE IF NOT EXISTS controls (
    job      uuid NOT NULL,
    sequence bigint NOT NULL DEFAULT nextval('controls_sequence'),
    kind     smallint NOT NULL,
    at       bigint NOT NULL,
    data     bytea NOT NULL,
    PRIMARY KEY (job, sequence)
);
CREATE INDEX IF NOT EXISTS controls_at ON controls (at);
