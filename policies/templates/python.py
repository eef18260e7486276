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
    gc.collect()
    gc.freeze()


def _ready():
    """In the fork, with the program's descriptors, before it is confined."""
    import atexit
    import gc
    import io

    atexit._clear()
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
    gc.freeze()


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
    return path


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
    serve.argtypes = [ctypes.py_object] * 3
    serve.restype = ctypes.c_int
    atexit.register(serve, _warm, _ready, _begin)
    for name in set(sys.modules) - before | {'atexit'}:
        sys.modules.pop(name, None)


import os as _os

_env = [f'{name}={value}' for name, value in _os.environ.items()]
_flags = len(sys.orig_argv) - len(sys.argv) - 1
_start()
