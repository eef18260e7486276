# SPDX-License-Identifier: MIT
"""A file as a C array: embed.py INPUT OUTPUT NAME"""
import json
import sys

source, target, name = sys.argv[1:4]
with open(source, encoding="utf-8") as file:
    # Parsed and written again: a document that is no JSON does not get into the program.
    data = json.dumps(json.load(file), separators=(",", ":")).encode()
with open(target, "w", encoding="ascii") as file:
    file.write("#include <stddef.h>\n")
    file.write(f"extern const char {name}_text[];\nextern const size_t {name}_length;\n")
    file.write(f"const char {name}_text[] = {{\n")
    for start in range(0, len(data), 24):
        file.write("  " + ",".join(str(byte) for byte in data[start : start + 24]) + ",\n")
    file.write(f"0}};\nconst size_t {name}_length = {len(data)};\n")
