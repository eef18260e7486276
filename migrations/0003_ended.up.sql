-- SPDX-License-Identifier: MIT
-- Which jobs ended in a time (statistics). Those of a backlog were made long before, so that no range of ids finds them
-- without reading all that still wait. A job enters this index once, when it ends.
CREATE INDEX jobs_ended ON jobs (finished) WHERE status >= 10;
