echo oops > /dev/stderr
echo fine > /dev/stdout
cat /dev/stdin
