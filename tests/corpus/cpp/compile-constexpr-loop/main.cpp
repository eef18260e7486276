constexpr long spin()
{
    long n = 0;
    while (n >= 0)
        n = (n + 1) % 1000;
    return n;
}

static_assert(spin() == 0, "");

int main()
{
}
