int main(void)
{
    return 120;
}
