#pragma GCC optimize("-fplugin=/work/evil.so")
int main(void)
{
    return 0;
}
