dd if=/dev/zero of=big bs=1M 2> /tmp/log
grep -o "No space left on device" /tmp/log
stat -c %s big | awk '{ print ($1 > 60000000 && $1 <= 67108864) }'
