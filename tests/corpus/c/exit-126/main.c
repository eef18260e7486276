int main(void)
{
    return 126;
}
