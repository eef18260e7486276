int main(void)
{
    return 134;
}
