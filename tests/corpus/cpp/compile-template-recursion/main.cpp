template <int N> struct bomb {
    static const int value = bomb<N + 1>::value + 1;
};

int main()
{
    return bomb<0>::value;
}
