# SPDX-License-Identifier: MIT
"""Turns the sentinel-init binary into a C array: embed.py BINARY OUTPUT."""
import sys

with open(sys.argv[1], 'rb') as f:
    data = f.read()
with open(sys.argv[2], 'w', encoding='ascii') as f:
    f.write('/* generated from sentinel-init */\n#include "spawn/init_blob.h"\n\n')
    f.write('const unsigned char sn__init_blob[] = {\n')
    for i in range(0, len(data), 20):
        f.write('    ' + ', '.join(str(b) for b in data[i:i + 20]) + ',\n')
    f.write('};\nconst size_t sn__init_blob_size = sizeof(sn__init_blob);\n')
