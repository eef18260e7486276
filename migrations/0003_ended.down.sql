-- SPDX-License-Identifier: MIT
DROP INDEX jobs_ended;
