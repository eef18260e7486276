int main(void)
{
    return 128;
}
