# SPDX-License-Identifier: MIT
"""Certificates of a test's own: an authority and whatever it signs, by openssl, in a directory that the test removes."""

import os
import subprocess

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments, directory=None):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Authority:
    """NAME.pem and NAME.key in the directory."""

    def __init__(self, directory, name="ca"):
        self.directory = directory
        self.name = name
        self.path = os.path.join(directory, name + ".pem")
        openssl("req", "-x509", *KEY, "-keyout", name + ".key", "-out", name + ".pem", "-subj", f"/CN=test authority {name}",
                "-days", "30", directory=directory)

    def issue(self, name, host="localhost", addresses=(), days=30):
        """(certificate, key) for a host; days < 0: it has expired already."""
        names = ",".join([f"DNS:{host}", *(f"IP:{address}" for address in addresses)])
        extensions = os.path.join(self.directory, name + ".ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        openssl("req", *KEY, "-keyout", name + ".key", "-out", name + ".csr", "-subj", f"/CN={host}", directory=self.directory)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", self.name + ".pem", "-CAkey", self.name + ".key",
                "-CAcreateserial", "-extfile", extensions, "-out", name + ".pem", "-days", str(days), directory=self.directory)
        return os.path.join(self.directory, name + ".pem"), os.path.join(self.directory, name + ".key")
