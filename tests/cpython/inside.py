# SPDX-License-Identifier: MIT
"""Runs a module of CPython's test-suite in a sandbox: the first argument; the others are tests of it that are left out.
Each outcome is told to OUTCOMES as soon as it is known, a line of JSON [test, outcome, text]. The last is [null, "end", ""]."""

import errno
import importlib
import json
import os
import sys
import traceback
import unittest

from test import support
from test.support import os_helper

OUTCOMES = "/work/outcomes"
# as regrtest has it without -u, with what takes processes or a while; not what wants a network or huge files
RESOURCES = ["subprocess", "decimal"]


def name_of(test):
    # a test may have an attribute "id" of its own
    return test if test is None or isinstance(test, str) else type(test).id(test)


def tell(test, outcome, text=""):
    # opened anew each time: the tests of descriptors count them
    with open(OUTCOMES, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(json.dumps([name_of(test), outcome, text]) + "\n")


class Result(unittest.TestResult):
    def fault(self, test, word, err):
        tell(test, f"{word} {err[0].__name__}", self._exc_info_to_string(err, test))

    def addSuccess(self, test):
        tell(test, "ok")

    def addFailure(self, test, err):
        self.fault(test, "FAIL", err)

    def addError(self, test, err):
        self.fault(test, "ERROR", err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.fault(test, "FAIL" if issubclass(err[0], test.failureException) else "ERROR", err)

    def addSkip(self, test, reason):
        tell(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        tell(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        tell(test, "unexpected success")


def unlink(path):
    """What support.unlink() removes need not be there; nothing of it is where nobody can write."""
    try:
        os.unlink(path)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise


def leave_out(suite, names):
    """Tests, or all of a class."""
    for test in list(suite):
        if isinstance(test, unittest.TestSuite):
            leave_out(test, names)
        elif name_of(test) in names or name_of(test).rpartition(".")[0] in names:
            suite._tests.remove(test)


def run(suite):
    leave_out(suite, sys.argv[2:])
    suite.run(Result())


def run_module(name):
    try:
        module = importlib.import_module(name)
        if hasattr(module, "test_main"):  # comes to run() by support.run_unittest()
            module.test_main()
        else:
            run(unittest.TestLoader().loadTestsFromModule(module))
    except unittest.SkipTest as skipped:
        tell(name, "skipped", str(skipped))
    except Exception as error:
        tell(name, f"ERROR {type(error).__name__}", traceback.format_exc())


def main():
    os_helper._unlink = unlink
    support._run_suite = run
    support.use_resources = RESOURCES
    support.verbose = 0
    run_module("test." + sys.argv[1])
    tell(None, "end")


if __name__ == "__main__":
    main()
