sort -n | uniq -c | awk '{ print $2, $1 }' | sed s/1/one/ | head -n 2 | tr a-z A-Z
