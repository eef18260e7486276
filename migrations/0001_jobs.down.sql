-- SPDX-License-Identifier: MIT
DROP TABLE workers;
DROP TABLE api_keys;
DROP TABLE webhooks;
DROP TABLE idempotency_keys;
DROP TABLE jobs;
