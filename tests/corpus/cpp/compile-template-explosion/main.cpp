template <int N, int M> struct bomb {
    static const long value = bomb<N - 1, 2 * M>::value + bomb<N - 1, 2 * M + 1>::value;
};
template <int M> struct bomb<0, M> {
    static const long value = M;
};

int main()
{
    return bomb<28, 1>::value == 0;
}
