env | cut -d= -f1 | sort | tr "\n" " "
echo
