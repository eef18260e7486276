-- SPDX-License-Identifier: MIT
DROP TABLE controls;
DROP SEQUENCE controls_sequence;
DROP TABLE events;
