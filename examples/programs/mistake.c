/* Does not compile: the verdict is COMPILATION_ERROR, with the compiler's own words. */
int main(void)
{
    return missing;
}
