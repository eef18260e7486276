su -c id root < /dev/null
mount -t tmpfs none /tmp
[ "$(id -u)" -ne 0 ] && echo "still nobody"
