for i in {1..100}; do sleep 60 & done
exit 1
