unshare -Ur id
echo after
