# SPDX-License-Identifier: MIT
"""What a warmed Python runs before anybody's program: see docs/languages.md, "Templates".

Started as `python3 [the manifest's flags] python.py MODULE...`; descriptors 3 to 5 are the library's. It defines what
each fork of it has to do, and hands over to the helper at its own exit, when no frame of this file is left.
"""
import sys


def _warm():
    import gc
    import importlib

    for name in sys.argv[1:]:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    # what the first line of a program would make the interpreter do
    compile('import sys\nprint("", file=sys.stderr)\n', '<template>', 'exec')
    sys.path_importer_cache.pop(sys.path[0], None)
    import _weakref
    import importlib.machinery
    import traceback
    import types

    _shared.update(sys.modules)
    del _shared['__main__']
    _exit.update(ref=_weakref.ref, module=types.ModuleType, gc=gc, format=traceback.format_exception_only,
                 loader=importlib.machinery.SourceFileLoader)
    gc.collect()
    gc.freeze()


def _ready():
    """In the fork, with the program's descriptors, before it is confined."""
    import atexit
    import io

    atexit._clear()
    _exit['functions'] = atexit._run_exitfuncs
    # what the interpreter made of /dev/null at its start; Python/pylifecycle.c, create_stdio()
    for number, name, mode in ((0, 'stdin', 'r'), (1, 'stdout', 'w'), (2, 'stderr', 'w')):
        old = getattr(sys, name)
        buffer = io.open(number, mode + 'b', -1, closefd=False)
        buffer.raw.name = f'<{name}>'
        text = io.TextIOWrapper(buffer, old.encoding, old.errors, '\n',
                                line_buffering=number == 2, write_through=False)
        text.mode = mode
        setattr(sys, name, text)
        setattr(sys, f'__{name}__', text)
    threading = sys.modules.get('threading')
    if threading is not None:
        threading.main_thread()._set_native_id()
    main = type(sys)('__main__')
    main.__annotations__ = {}
    main.__builtins__ = sys.modules['builtins']
    sys.modules['__main__'] = main
    del sys.modules['atexit']


def _begin(argv, env):
    """In the fork, when its arguments are known and it is confined. Returns the program's path."""
    import os
    import posix

    if env != _env:
        os.environ.clear()
        posix.environ.clear()
        for entry in env:
            name, _, value = entry.partition('=')
            os.environ[name] = value
            posix.environ[os.fsencode(name)] = os.fsencode(value)
    script = argv[_flags + 1]
    sys.orig_argv[:] = argv
    sys.argv[:] = argv[_flags + 1:]
    path = os.path.join(os.getcwd(), script)
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    # Python/pythonrun.c, _PyRun_SimpleFileObject()
    main = sys.modules['__main__']
    main.__file__ = path
    main.__cached__ = None
    main.__loader__ = _exit['loader']('__main__', path)
    return path


def _exit_status(value):
    """Of a SystemExit that nobody caught: Python/pythonrun.c, _Py_HandleSystemExit()."""
    code = getattr(value, 'code', value)
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xff if -1 << 63 <= code < 1 << 63 else 0xff
    if sys.stderr is not None:
        sys.stderr.write(f'{code}\n')
    return 1


def _ignore(exception, where):
    """As sys.unraisablehook does of an exception without a traceback."""
    if sys.stderr is not None:
        text = ''.join(_exit['format'](type(exception), exception))
        sys.stderr.write(f'Exception ignored in: {where!r}\n{text}')


def _flush(tells):
    failed = False
    for name in ('stdout', 'stderr'):
        file = getattr(sys, name, None)
        try:
            if file is not None and not getattr(file, 'closed', False):
                file.flush()
        except BaseException as e:
            failed = True
            if name == 'stdout' and tells:
                _ignore(e, file)
    return failed


def _take_apart():
    """Python/pylifecycle.c, finalize_modules(), but for what all forks share: that would be copied to be freed."""
    for name in ('path', 'argv', 'ps1', 'ps2', 'last_type', 'last_value', 'last_traceback', '__interactivehook__'):
        setattr(sys, name, None)
    for name in ('stdin', 'stdout', 'stderr'):
        setattr(sys, name, getattr(sys, f'__{name}__', None))
    modules = sys.modules
    left = []
    for name in list(modules):
        module = modules[name]
        if isinstance(module, _exit['module']) and _shared.get(name) is not module:
            left.append((name, _exit['ref'](module)))
            modules[name] = None
    module = None
    if _exit['gc'].isenabled():
        _exit['gc'].collect()
    for name, reference in reversed(left):
        module = reference()
        if module is None:
            continue
        names = module.__dict__
        for is_first in (True, False):
            for key in list(names):
                is_private = key[:1] == '_' and key[1:2] != '_'
                if names[key] is not None and (is_private if is_first else key != '__builtins__'):
                    names[key] = None


def _finish():
    """Python/pylifecycle.c, Py_FinalizeEx(), up to where nobody's code runs any more. Returns the status or 0."""
    threading = sys.modules.get('threading')
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException as e:
            _ignore(e, threading)
    _exit['functions']()
    failed = _flush(True)
    _take_apart()
    return 120 if _flush(False) or failed else 0


def _start():
    import atexit
    import os

    try:
        with open('/proc/self/oom_score_adj', 'r+', encoding='ascii') as score:
            if score.read(1) == '-':
                score.seek(0)
                score.write('0')
    except OSError:
        pass
    before = set(sys.modules)
    import ctypes

    helper = ctypes.PyDLL('/proc/self/fd/5')
    os.close(5)
    serve = helper.sn_template_serve
    serve.argtypes = [ctypes.py_object] * 5
    serve.restype = ctypes.c_int
    atexit.register(serve, _warm, _ready, _begin, _exit_status, _finish)
    for name in set(sys.modules) - before | {'atexit'}:
        sys.modules.pop(name, None)


import os as _os

_env = [f'{name}={value}' for name, value in _os.environ.items()]
_shared = {}
_exit = {}
_flags = len(sys.orig_argv) - len(sys.argv) - 1
_start()
