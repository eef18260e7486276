#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the migrations as a C file: embed-migrations.py OUT.c DIRECTORY. Their numbers must be 1, 2, 3, ..."""
import pathlib
import re
import sys


def literal(text):
    lines = []
    for line in text.splitlines():
        line = line.rstrip()
        if line and not line.lstrip().startswith('--'):
            lines.append('"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"')
    return '\n    '.join(lines) or '""'


def main():
    out, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    entries = []
    for number, up in enumerate(sorted(directory.glob('*.up.sql')), 1):
        match = re.fullmatch(r'(\d{4})_([a-z0-9_]+)\.up\.sql', up.name)
        if not match or int(match[1]) != number:
            sys.exit(f'{up}: expected {number:04}_NAME.up.sql here')
        down = directory / f'{match[1]}_{match[2]}.down.sql'
        entries.append(f'    {{"{match[2]}",\n    {literal(up.read_text())},\n    {literal(down.read_text())}}},\n')
    if not entries:
        sys.exit(f'{directory}: no migrations')
    text = ('/* SPDX-License-Identifier: MIT */\n/* Made from migrations/ by embed-migrations.py. */\n'
            '#include "store/postgres.h"\n\n'
            'const struct postgres_migration postgres_migrations[] = {\n' + ''.join(entries) + '};\n'
            f'const unsigned postgres_migration_count = {len(entries)};\n')
    pathlib.Path(out).write_text(text)


main()
