yes | tr y n | cat > /dev/null
