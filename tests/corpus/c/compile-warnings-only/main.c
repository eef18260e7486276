int main(void)
{
    int *p = 5;
    return p == (int *)5 ? 0 : 1;
}
