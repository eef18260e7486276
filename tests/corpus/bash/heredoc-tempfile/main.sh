cat <<END
here $((6 * 7))
END
diff <(echo a) <(echo a) && echo same
mktemp > name && test -f "$(cat name)" && echo temporary
