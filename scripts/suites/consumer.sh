# SPDX-License-Identifier: MIT
# consumer: a stranger's program against an installed tree, by pkg-config alone
# shellcheck shell=bash disable=SC2154

suite_consumer() {
  begin consumer "a stranger's program, by pkg-config alone"
  locked installed consumer_cases
  end
}

consumer_cases() {
  local installed header cflags libs static_libs
  install_for_consumers || return
  installed=$installed_tree
  unset SENTINEL_DATA_DIR
  export PKG_CONFIG_PATH=$installed/lib/pkgconfig
  cflags=$(pkg-config --cflags sentinel)
  libs=$(pkg-config --libs sentinel)
  # As docs/install.md has it. Debian has no libmnl.a: ours comes from the archive, the rest is shared.
  static_libs=$(pkg-config --static --libs sentinel)
  static_libs=${static_libs/-lsentinel/-l:libsentinel.a}
  for header in "$installed"/include/sentinel/*.h; do
    printf '#include <sentinel/%s>\nint used;\n' "${header##*/}" >"$scratch/one.c"
    # shellcheck disable=SC2086
    check "C99: ${header##*/}" cc -std=c99 -pedantic -Wall -Wextra -Werror $cflags -fsyntax-only "$scratch/one.c"
    # shellcheck disable=SC2086
    check "C++17: ${header##*/}" c++ -std=c++17 -pedantic -Wall -Wextra -Werror -x c++ $cflags -fsyntax-only \
      "$scratch/one.c"
  done
  # shellcheck disable=SC2086
  {
    check "C links" cc -std=c99 -pedantic -Wall -Wextra -Werror tests/consumer/consumer.c $cflags $libs \
      "-Wl,-rpath,$installed/lib" -o "$scratch/consumer"
    check "C runs a command, one by events, and a source" "$scratch/consumer"
    check "C++ links" c++ -std=c++17 -pedantic -Wall -Wextra -Werror tests/consumer/consumer.cpp $cflags $libs \
      "-Wl,-rpath,$installed/lib" -o "$scratch/consumer-cpp"
    check "C++ runs" "$scratch/consumer-cpp"
    check "static links" cc -std=c99 tests/consumer/consumer.c $cflags $static_libs -o "$scratch/consumer-static"
    check "static needs no libsentinel.so" sh -c '! ldd "$1" | grep sentinel' sh "$scratch/consumer-static"
    check "static runs the same" "$scratch/consumer-static"
    check "README's example links" cc -Wall -Wextra -Werror examples/minimal.c $cflags $libs \
      "-Wl,-rpath,$installed/lib" -o "$scratch/minimal"
    check "README's example runs" sh -c '[ "$("$1")" = "OK: 42" ]' sh "$scratch/minimal"
  }
  check "the installed command runs" "$installed/bin/sentinel" exec -- /bin/true
  check "the installed command attacks itself" "$installed/bin/sentinel" doctor --attack --controls --only 'egress/tcp*' \
    --only 'information/boot*'
  check "Python's ctypes loads it alone" python3 -c "
import ctypes
library = ctypes.CDLL('$installed/lib/libsentinel.so.0')
sandbox, error = ctypes.c_void_p(), ctypes.c_void_p()
assert library.sn_sandbox_create(None, ctypes.byref(sandbox), ctypes.byref(error)) == 0
library.sn_sandbox_destroy(sandbox)"
  export SENTINEL_DATA_DIR=$top/policies
  unset PKG_CONFIG_PATH
  check "a staged installation" env "DESTDIR=$scratch/destdir" meson install -C build-test
  check "ninja uninstall" ninja -C build-test uninstall
  find "$scratch/destdir" ! -type d >"$scratch/left" 2>/dev/null
  check "nothing of it is left" diff /dev/null "$scratch/left"
}
