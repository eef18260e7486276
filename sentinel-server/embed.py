# SPDX-License-Identifier: MIT
"""A file as a C array: embed.py INPUT OUTPUT NAME. Of a page, the policy that allows its own style and nothing else, too."""
import base64
import hashlib
import json
import re
import sys

source, target, name = sys.argv[1:4]
policy = None
with open(source, encoding="utf-8") as file:
    text = file.read()
if source.endswith(".json"):
    # Parsed and written again: a document that is no JSON does not get into the program.
    data = json.dumps(json.loads(text), separators=(",", ":")).encode()
else:
    data = text.encode()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
with open(target, "w", encoding="ascii") as file:
    file.write("#include <stddef.h>\n")
    file.write(f"extern const char {name}_text[];\nextern const size_t {name}_length;\n")
    file.write(f"const char {name}_text[] = {{\n")
    for start in range(0, len(data), 24):
        file.write("  " + ",".join(str(byte) for byte in data[start : start + 24]) + ",\n")
    file.write(f"0}};\nconst size_t {name}_length = {len(data)};\n")
    if policy:
        file.write(f'extern const char {name}_policy[];\nconst char {name}_policy[] = "{policy}";\n')
