# SPDX-License-Identifier: MIT
# Sources that make a compiler do what no program would get away with. A judge compiles what it is sent.
command -v cc >/dev/null || {
  echo "CANNOT: there is no C compiler in the sandbox"
  exit 77
}

case $1 in
  macros)
    # each line doubles the one before
    {
      echo "#define A0 1 +"
      n=1
      while [ $n -le 19 ]; do
        echo "#define A$n A$((n - 1)) A$((n - 1))"
        n=$((n + 1))
      done
      echo "int x = A19 0;"
    } >bomb.c
    ;;
  object)
    # an object file of 100 MiB for one line
    echo "int x[25 << 20] = {1};" >bomb.c
    ;;
  nesting)
    # expressions in expressions in expressions
    {
      printf 'int x = '
      n=0
      while [ $n -lt 16 ]; do
        deep="${deep:-(}${deep:-(}"
        n=$((n + 1))
      done
      printf '%s1' "$deep"
      printf '%s;\n' "$deep" | tr '(' ')'
    } >bomb.c
    ;;
esac
if said=$(cc -c bomb.c -o bomb.o 2>&1); then
  echo "BREACH: it was compiled"
  exit 42
fi
echo "HELD: the compiler said: $(printf %.200s "$said" | tr '\n' ' ')"
