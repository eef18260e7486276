# SPDX-License-Identifier: MIT
"""Turns a binary into the C array sn__NAME_blob: embed.py BINARY OUTPUT NAME."""
import sys

with open(sys.argv[1], 'rb') as f:
    data = f.read()
with open(sys.argv[2], 'w', encoding='ascii') as f:
    f.write('/* generated from a binary of this build */\n#include "spawn/init_blob.h"\n\n')
    f.write(f'const unsigned char sn__{sys.argv[3]}_blob[] = {{\n')
    for i in range(0, len(data), 20):
        f.write('    ' + ', '.join(str(b) for b in data[i:i + 20]) + ',\n')
    f.write(f'}};\nconst size_t sn__{sys.argv[3]}_blob_size = sizeof(sn__{sys.argv[3]}_blob);\n')
