static int a[6 << 20];
int main(void)
{
    volatile int *p = a;
    return p[5];
}
