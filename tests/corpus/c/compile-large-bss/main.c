static int a[6 << 20];
int main(int argc, char **argv)
{
    volatile int *p = a;
    (void)argv;
    p[argc] = 1;
    return p[5];
}
