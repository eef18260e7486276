# SPDX-License-Identifier: MIT
"""The exception for a library that cannot be loaded, in a module that can be."""
from __future__ import annotations


class LibraryError(ImportError):
    """libsentinel was not found, or is one that this package cannot use."""
