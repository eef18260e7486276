trap "echo cleaned" EXIT
trap "echo term; exit 9" TERM
kill -TERM $$
