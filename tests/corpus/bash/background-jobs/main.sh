for i in 1 2 3; do
    ( exit "$i" ) &
done
wait %3
echo "$?"
wait
echo done
