bash -c "kill -SEGV \$\$"
exit $?
