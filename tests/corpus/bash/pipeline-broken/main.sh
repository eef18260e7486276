yes | head -n 3
yes | head -n 1 | wc -c
