( sleep 60; echo late ) &
echo early
