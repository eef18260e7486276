-- SPDX-License-Identifier: MIT
-- Times are microseconds since the epoch, 0 where there is none. The numbers of `status` are those of job/status.h:
-- from 10 on a job is over. `held`: somebody has the latest attempt; false before the first one, and after one was given
-- back, when the attempt that counts again must not fit the worker that had it before.

-- An id is a UUID of version 7, so a range of ids is a range of time: a partition for each day, jobs_YYYYMMDD, which the
-- service makes some days ahead and drops as a whole. What has no day of its own lands in jobs_default.
CREATE TABLE jobs (
    id               uuid PRIMARY KEY,
    status           smallint NOT NULL DEFAULT 0,
    attempt          integer NOT NULL DEFAULT 0,
    held             boolean NOT NULL DEFAULT false,
    cancel_requested boolean NOT NULL DEFAULT false,
    key_id           text NOT NULL,
    user_id          text NOT NULL,
    language         text NOT NULL,
    worker           text NOT NULL DEFAULT '',
    callback_url     text NOT NULL,
    traceparent      text NOT NULL,
    spec             text NOT NULL,
    result           text,
    time_used_ms     bigint NOT NULL DEFAULT 0,
    memory_used_kb   bigint NOT NULL DEFAULT 0,
    created          bigint NOT NULL,
    published        bigint NOT NULL DEFAULT 0,
    claimed          bigint NOT NULL DEFAULT 0,
    compiling        bigint NOT NULL DEFAULT 0,
    running          bigint NOT NULL DEFAULT 0,
    finished         bigint NOT NULL DEFAULT 0,
    lease            bigint NOT NULL DEFAULT 0
) PARTITION BY RANGE (id);
CREATE TABLE jobs_default PARTITION OF jobs DEFAULT;

-- `lease` is in none of them, so that prolonging one touches no index.
CREATE INDEX jobs_active ON jobs (language) WHERE status < 10;
CREATE INDEX jobs_outbox ON jobs (created, id) WHERE status < 10 AND published = 0;
CREATE INDEX jobs_of_key ON jobs (key_id, id);
CREATE INDEX jobs_of_user ON jobs (user_id, id) WHERE user_id <> '';

CREATE TABLE idempotency_keys (
    key_id   text NOT NULL,
    key      text NOT NULL,
    digest   text NOT NULL,
    response text NOT NULL,
    created  bigint NOT NULL,
    PRIMARY KEY (key_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created);

-- A row until its delivery; `due` NULL: given up, `error` says why.
CREATE TABLE webhooks (
    job     uuid PRIMARY KEY,
    url     text NOT NULL,
    due     bigint,
    attempt integer NOT NULL DEFAULT 0,
    error   text
);
CREATE INDEX webhooks_due ON webhooks (due) WHERE due IS NOT NULL;

CREATE TABLE api_keys (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    hash       bytea NOT NULL UNIQUE,
    scopes     bigint NOT NULL,
    per_minute bigint NOT NULL,
    created    bigint NOT NULL,
    revoked    bigint NOT NULL
);

CREATE TABLE workers (
    name   text PRIMARY KEY,
    beat   bigint NOT NULL,
    slots  bigint NOT NULL,
    active bigint NOT NULL,
    report text NOT NULL
);
