# SPDX-License-Identifier: MIT
import ssl, hashlib, random, secrets, uuid, tempfile
print(hashlib.sha256(b'x').hexdigest(), ssl.OPENSSL_VERSION, len(ssl.RAND_bytes(4)))
