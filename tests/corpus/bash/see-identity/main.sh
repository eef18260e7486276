[ "$(id -u)" -ne 0 ] && hostname && pwd && ls / | grep -c -x -e home -e boot -e srv
cat /etc/shadow && echo read
:
