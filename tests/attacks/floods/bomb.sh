# SPDX-License-Identifier: MIT
# The line that everybody knows. Afterwards nothing can be started, so it counts without.
bomb() {
  bomb | bomb &
}
bomb 2>/dev/null
n=0
while [ $n -lt 40000 ]; do
  n=$((n + 1))
  set -- /proc/[0-9]*
  if [ $# -gt 64 ]; then
    echo "BREACH: $# processes"
    exit 42
  fi
  [ $# -gt 3 ] || [ $n -lt 2000 ] || break
done
echo "HELD: never more than 64 processes"
