echo "$#" "$1" "$2" "$NAME"
