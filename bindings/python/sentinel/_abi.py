# SPDX-License-Identifier: MIT
"""The C interface: finding libsentinel, its structs and its functions, as <sentinel/*.h> declares them.

Nothing here is public. The structs are filled with their own size and zeros, which is all that the headers'
sn_..._init() do.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

from ._library import LibraryError

#: The major version of the library, and the least minor one, that this package knows how to call.
VERSION = (0, 1)


class SnLimits(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("cpu_ms", c_uint64),
        ("wall_ms", c_uint64),
        ("memory_bytes", c_uint64),
        ("processes", c_uint64),
        ("output_bytes", c_uint64),
        ("file_bytes", c_uint64),
        ("open_files", c_uint64),
        ("stack_bytes", c_uint64),
        ("cpu_percent", c_uint64),
    ]


class SnMount(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("source", c_char_p),
        ("target", c_char_p),
        ("flags", c_uint32),
        ("reserved", c_uint32),
    ]


class SnSandboxOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("relax", c_uint64),
        ("rootfs", c_char_p),
        ("mounts", POINTER(POINTER(SnMount))),
        ("hostname", c_char_p),
        ("policy", c_void_p),
        ("limits", POINTER(SnLimits)),
        ("work_bytes", c_uint64),
        ("work_inodes", c_uint64),
        ("tmp_bytes", c_uint64),
        ("tmp_inodes", c_uint64),
        ("shm_bytes", c_uint64),
        ("cgroup_parent", c_char_p),
        ("network", c_uint32),
        ("arm", c_uint32),
        ("cpus", c_char_p),
    ]


class SnPoolOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("sandbox", POINTER(SnSandboxOptions)),
        ("max_age_ms", c_uint64),
        ("ready", c_uint32),
        ("threads", c_uint32),
    ]


class SnPoolStatus(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("taken", c_uint64),
        ("missed", c_uint64),
        ("replaced", c_uint64),
        ("failed", c_uint64),
        ("ready", c_uint32),
        ("retired", c_uint32),
    ]


class SnStep(Structure):
    _fields_ = [("name", c_char_p), ("ns", c_uint64), ("is_ahead", c_uint32), ("reserved", c_uint32)]


class SnFileInfo(Structure):
    _fields_ = [("name", c_char_p), ("bytes", c_uint64), ("mode", c_uint32), ("reserved", c_uint32)]


class SnRunOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("argv", POINTER(c_char_p)),
        ("envp", POINTER(c_char_p)),
        ("cwd", c_char_p),
        ("stdin_data", c_char_p),
        ("stdin_length", c_size_t),
        ("limits", POINTER(SnLimits)),
        ("policy", c_void_p),
        ("stdin_mode", c_uint32),
        ("output_mode", c_uint32),
        ("cancel_fd", c_int32),
        ("reserved", c_uint32),
    ]


class SnEvent(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("type", c_uint32),
        ("reserved", c_uint32),
        ("data", c_void_p),
        ("length", c_size_t),
    ]


class SnFile(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("path", c_char_p),
        ("data", c_char_p),
        ("length", c_size_t),
        ("mode", c_uint32),
        ("reserved", c_uint32),
    ]


class SnProgramOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("file_name", c_char_p),
        ("source", c_char_p),
        ("source_length", c_size_t),
        ("files", POINTER(POINTER(SnFile))),
        ("compile_args", POINTER(c_char_p)),
        ("compile_limits", POINTER(SnLimits)),
        ("sandbox", POINTER(SnSandboxOptions)),
        ("cancel_fd", c_int32),
        ("start", c_uint32),
        ("flags", c_uint32),
        ("reserved2", c_uint32),
        ("cache_dir", c_char_p),
        ("cache_bytes", c_uint64),
    ]


class SnHostItem(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("detail", c_char_p),
        ("fix", c_char_p),
        ("status", c_uint32),
        ("reserved", c_uint32),
    ]


#: By their names in C: a test compares every offset and size with the headers.
STRUCTS: dict[str, type[Structure]] = {
    "sn_limits": SnLimits,
    "sn_mount": SnMount,
    "sn_sandbox_options": SnSandboxOptions,
    "sn_pool_options": SnPoolOptions,
    "sn_pool_status": SnPoolStatus,
    "sn_step": SnStep,
    "sn_file_info": SnFileInfo,
    "sn_run_options": SnRunOptions,
    "sn_event": SnEvent,
    "sn_file": SnFile,
    "sn_program_options": SnProgramOptions,
    "sn_host_item": SnHostItem,
}

#: The same for constants.
CONSTANTS: dict[str, int] = {
    "SN_OK": 0,
    "SN_EINVAL": -1,
    "SN_ENOMEM": -2,
    "SN_ESYS": -3,
    "SN_EHOST": -4,
    "SN_EBUSY": -5,
    "SN_ENOENT": -6,
    "SN_EPARSE": -7,
    "SN_ELIMIT": -8,
    "SN_EDIED": -9,
    "SN_ETOOLCHAIN": -10,
    "SN_MOUNT_WRITABLE": 1,
    "SN_MOUNT_OPTIONAL": 2,
    "SN_MOUNT_NOEXEC": 4,
    "SN_START_AUTO": 0,
    "SN_START_TEMPLATE": 1,
    "SN_START_EXEC": 2,
    "SN_NETWORK_NONE": 0,
    "SN_NETWORK_LOOPBACK": 1,
    "SN_ARM_AUTO": 0,
    "SN_ARM_NEVER": 1,
    "SN_ARM_ALWAYS": 2,
    "SN_PROGRAM_CACHED": 1,
    "SN_PROGRAM_PREPARED": 2,
    "SN_STDIN_DATA": 0,
    "SN_STDIN_FEED": 1,
    "SN_OUTPUT_CAPTURE": 0,
    "SN_OUTPUT_STREAM": 1,
    "SN_EVENT_NONE": 0,
    "SN_EVENT_STDOUT": 1,
    "SN_EVENT_STDERR": 2,
    "SN_EVENT_STDIN": 3,
    "SN_EVENT_DONE": 4,
    "SN_SUSPECT_WAITED": 1,
    "SN_SUSPECT_STOLEN": 2,
    "SN_SUSPECT_THROTTLED": 4,
    "SN_HOST_OK": 0,
    "SN_HOST_LIMITED": 1,
    "SN_HOST_MISSING": 2,
}

_out = POINTER(c_void_p)
_error = _out
_sizes = POINTER(c_size_t)
_numbers = POINTER(c_uint32)

#: What is called: the result's type and those of the arguments.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "sn_version": (None, [_numbers, _numbers, _numbers]),
    "sn_version_string": (c_char_p, []),
    "sn_code_name": (c_char_p, [c_int32]),
    "sn_error_code": (c_int32, [c_void_p]),
    "sn_error_errno": (c_int32, [c_void_p]),
    "sn_error_step": (c_char_p, [c_void_p]),
    "sn_error_message": (c_char_p, [c_void_p]),
    "sn_error_line": (c_uint32, [c_void_p]),
    "sn_error_column": (c_uint32, [c_void_p]),
    "sn_error_free": (None, [c_void_p]),
    "sn_free": (None, [c_void_p]),
    "sn_layer_name": (c_char_p, [c_uint64]),
    "sn_layer_by_name": (c_uint64, [c_char_p]),
    "sn_limit_name": (c_char_p, [c_int]),
    "sn_verdict_name": (c_char_p, [c_int]),
    "sn_policy_load": (c_int, [c_char_p, _out, _error]),
    "sn_policy_parse": (c_int, [c_char_p, c_size_t, c_char_p, _out, _error]),
    "sn_policy_compile": (c_int, [c_void_p, _out, _sizes, _error]),
    "sn_policy_print": (c_int, [c_void_p, c_uint32, _out, _error]),
    "sn_policy_name": (c_char_p, [c_void_p]),
    "sn_policy_free": (None, [c_void_p]),
    "sn_pool_create": (c_int, [POINTER(SnPoolOptions), _out, _error]),
    "sn_pool_take": (c_int, [c_void_p, _out, _error]),
    "sn_pool_retire": (None, [c_void_p, c_void_p]),
    "sn_pool_status_get": (c_int, [c_void_p, POINTER(SnPoolStatus), _error]),
    "sn_pool_destroy": (None, [c_void_p]),
    "sn_sandbox_create": (c_int, [POINTER(SnSandboxOptions), _out, _error]),
    "sn_sandbox_destroy": (None, [c_void_p]),
    "sn_sandbox_put": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, c_uint32, _error]),
    "sn_sandbox_get": (c_int, [c_void_p, c_char_p, c_uint64, _out, _sizes, _error]),
    "sn_sandbox_mkdir": (c_int, [c_void_p, c_char_p, _error]),
    "sn_sandbox_list": (c_int, [c_void_p, c_char_p, _out, _error]),
    "sn_sandbox_layers": (c_uint64, [c_void_p]),
    "sn_file_list_count": (c_size_t, [c_void_p]),
    "sn_file_list_entry": (POINTER(SnFileInfo), [c_void_p, c_size_t]),
    "sn_file_list_free": (None, [c_void_p]),
    "sn_run_start": (c_int, [c_void_p, POINTER(SnRunOptions), _out, _error]),
    "sn_run_fd": (c_int, [c_void_p]),
    "sn_run_next": (c_int, [c_void_p, POINTER(SnEvent), _error]),
    "sn_run_write": (c_int, [c_void_p, c_char_p, c_size_t, _sizes, _error]),
    "sn_run_close_stdin": (c_int, [c_void_p, _error]),
    "sn_run_cancel": (None, [c_void_p]),
    "sn_run_wait": (c_int, [c_void_p, _out, _error]),
    "sn_running_free": (None, [c_void_p]),
    "sn_result_verdict": (c_int, [c_void_p]),
    "sn_result_limit": (c_int, [c_void_p]),
    "sn_result_exit_code": (c_int32, [c_void_p]),
    "sn_result_signal": (c_int32, [c_void_p]),
    "sn_result_cpu_ns": (c_uint64, [c_void_p]),
    "sn_result_user_ns": (c_uint64, [c_void_p]),
    "sn_result_system_ns": (c_uint64, [c_void_p]),
    "sn_result_cpu_source": (c_char_p, [c_void_p]),
    "sn_result_wall_ns": (c_uint64, [c_void_p]),
    "sn_result_memory_bytes": (c_uint64, [c_void_p]),
    "sn_result_memory_source": (c_char_p, [c_void_p]),
    "sn_result_throttled_ns": (c_uint64, [c_void_p]),
    "sn_result_suspect": (c_uint32, [c_void_p]),
    "sn_result_waited_ns": (c_uint64, [c_void_p]),
    "sn_result_stolen_ns": (c_uint64, [c_void_p]),
    "sn_result_throttled_above_ns": (c_uint64, [c_void_p]),
    "sn_result_stdout": (c_void_p, [c_void_p, _sizes]),
    "sn_result_stderr": (c_void_p, [c_void_p, _sizes]),
    "sn_result_stdout_truncated": (c_int32, [c_void_p]),
    "sn_result_stderr_truncated": (c_int32, [c_void_p]),
    "sn_result_denied": (c_char_p, [c_void_p]),
    "sn_result_denied_name": (c_char_p, [c_void_p]),
    "sn_result_denied_args": (POINTER(c_uint64), [c_void_p]),
    "sn_result_layers": (c_uint64, [c_void_p]),
    "sn_result_relaxed": (c_uint64, [c_void_p]),
    "sn_result_notes": (c_char_p, [c_void_p]),
    "sn_result_free": (None, [c_void_p]),
    "sn_languages_load": (c_int, [c_char_p, _out, _error]),
    "sn_languages_free": (None, [c_void_p]),
    "sn_languages_count": (c_size_t, [c_void_p]),
    "sn_languages_entry": (c_void_p, [c_void_p, c_size_t]),
    "sn_languages_error": (c_void_p, [c_void_p, c_size_t, POINTER(c_char_p)]),
    "sn_languages_find": (c_void_p, [c_void_p, c_char_p]),
    "sn_languages_find_by_file": (c_void_p, [c_void_p, c_char_p]),
    "sn_language_name": (c_char_p, [c_void_p]),
    "sn_language_title": (c_char_p, [c_void_p]),
    "sn_language_alias": (c_char_p, [c_void_p, c_size_t]),
    "sn_language_file_name": (c_char_p, [c_void_p]),
    "sn_language_example": (c_char_p, [c_void_p]),
    "sn_language_package": (c_char_p, [c_void_p]),
    "sn_language_manifest": (c_char_p, [c_void_p]),
    "sn_language_check": (c_int, [c_void_p, _error]),
    "sn_language_policy": (c_char_p, [c_void_p]),
    "sn_language_compile_policy": (c_char_p, [c_void_p]),
    "sn_language_run_limits": (c_int, [c_void_p, POINTER(SnLimits)]),
    "sn_language_compile_limits": (c_int, [c_void_p, POINTER(SnLimits)]),
    "sn_language_probe": (c_int, [c_void_p, c_uint64, _out, _error]),
    "sn_language_prepare": (c_int, [c_void_p, POINTER(SnProgramOptions), _error]),
    "sn_program_create": (c_int, [c_void_p, POINTER(SnProgramOptions), _out, _error]),
    "sn_program_destroy": (None, [c_void_p]),
    "sn_program_compile_result": (c_void_p, [c_void_p]),
    "sn_program_is_cached": (c_int32, [c_void_p]),
    "sn_program_is_runnable": (c_int32, [c_void_p]),
    "sn_program_sandbox": (c_void_p, [c_void_p]),
    "sn_program_run_start": (c_int, [c_void_p, POINTER(SnRunOptions), _out, _error]),
    "sn_host_probe": (c_int, [_out, _error]),
    "sn_host_count": (c_size_t, [c_void_p]),
    "sn_host_entry": (POINTER(SnHostItem), [c_void_p, c_size_t]),
    "sn_host_free": (None, [c_void_p]),
}


def candidates() -> list[str]:
    """Where the library is looked for, in this order; what $SENTINEL_LIBRARY names is the only place if it is set."""
    named = os.environ.get("SENTINEL_LIBRARY")
    if named:
        return [named]
    here = Path(__file__).resolve().parent
    beside = [str(here / name) for name in ("libsentinel.so.0", "libsentinel.so") if (here / name).exists()]
    return beside + ["libsentinel.so.0"]


def load() -> ctypes.CDLL:
    """Opens the library, checks its version and declares its functions. LibraryError says what was tried."""
    tried: list[str] = []
    for name in candidates():
        try:
            library = ctypes.CDLL(name)
            break
        except OSError as error:
            tried.append(str(error))
    else:
        if os.environ.get("SENTINEL_LIBRARY"):
            remedy = "The environment variable SENTINEL_LIBRARY names it: correct it, or unset it for the installed one"
        else:
            remedy = "Install it (meson install, then ldconfig), or name the file in the variable SENTINEL_LIBRARY"
        raise LibraryError(f"libsentinel cannot be loaded: {'; '.join(tried)}. {remedy}.")
    declare(library, name)
    return library


def declare(library: ctypes.CDLL, name: str) -> None:
    try:
        function = library.sn_version
    except AttributeError:
        raise LibraryError(f"{name} is not libsentinel: it has no sn_version()") from None
    function.restype, function.argtypes = FUNCTIONS["sn_version"]
    numbers = [c_uint32(), c_uint32(), c_uint32()]
    function(*[ctypes.byref(number) for number in numbers])
    found = tuple(number.value for number in numbers)
    if found[0] != VERSION[0] or found[1] < VERSION[1]:
        raise LibraryError(
            f"{name} is libsentinel {'.'.join(map(str, found))}, and this package needs {VERSION[0]}.{VERSION[1]} or a "
            f"later {VERSION[0]}.x: install the package and the library from the same sources"
        )
    for symbol, (restype, argtypes) in FUNCTIONS.items():
        try:
            function = getattr(library, symbol)
        except AttributeError:
            raise LibraryError(f"{name} has no {symbol}(): it is older than this package") from None
        function.restype, function.argtypes = restype, argtypes


lib = load()
