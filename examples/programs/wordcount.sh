# Counts the words of its input, the most frequent first.
declare -A count
while read -ra words; do
  for word in "${words[@]}"; do
    count[$word]=$((${count[$word]:-0} + 1))
  done
done
for word in "${!count[@]}"; do
  printf '%d %s\n' "${count[$word]}" "$word"
done | sort -k1,1nr -k2 | head -n 3
