int main(void)
{
    return 159;
}
