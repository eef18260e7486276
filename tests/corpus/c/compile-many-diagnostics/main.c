#define E1 @ @ @ @ @ @ @ @ @ @
#pragma GCC diagnostic error "-Wall"
#define E2 E1 E1 E1 E1 E1 E1 E1 E1 E1 E1
#define E3 E2 E2 E2 E2 E2 E2 E2 E2 E2 E2
#define E4 E3 E3 E3 E3 E3 E3 E3 E3 E3 E3
#define E5 E4 E4 E4 E4 E4 E4 E4 E4 E4 E4
int main(void)
{
    E5
    return 0;
}
