nohup setsid sleep 60 > /dev/null 2>&1 &
disown
exit 4
