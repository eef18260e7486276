/* nobody writes to it, so it lies in the program's file, and that lies in memory */
static int a[6 << 20] = {1};
int main(void)
{
    volatile int *p = a;
    return p[5];
}
