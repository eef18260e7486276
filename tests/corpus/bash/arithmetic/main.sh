declare -A ages=([ann]=31 [bob]=27)
numbers=(5 3 8)
echo "$((${#numbers[@]} * ages[ann]))" "${numbers[@]: -1}" "${HOME^^}" $((2 ** 40))
