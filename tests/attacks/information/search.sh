# SPDX-License-Identifier: MIT
# Reads whatever small file can be read where people keep what is theirs.
find /etc /home /mnt /opt /root /run /srv /tmp /var -maxdepth 4 -type f -size -2 -readable 2>/dev/null | head -n 2000 |
  while IFS= read -r file; do
    cat "$file"
  done 2>/dev/null | head -c 1000000
echo
echo "HELD: all of it has been printed"
