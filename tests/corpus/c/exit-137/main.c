int main(void)
{
    return 137;
}
