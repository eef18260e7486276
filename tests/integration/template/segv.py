# SPDX-License-Identifier: MIT
import ctypes
ctypes.string_at(0)
