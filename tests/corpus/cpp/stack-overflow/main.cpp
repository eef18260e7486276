static int depth(volatile int *above)
{
    volatile int here[1024];
    here[0] = *above + 1;
    return depth(here) + here[0];
}

int main()
{
    volatile int zero = 0;
    return depth(&zero);
}
