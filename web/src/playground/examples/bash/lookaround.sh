# SPDX-License-Identifier: MIT
# What a program sees of the machine: next to nothing.
echo "I am $(id -un 2>/dev/null || id -u), process $$, on $(uname -n)."
echo "The root directory:"
ls /
echo "Writing to /usr:"
touch /usr/hello || echo "It is read-only."
