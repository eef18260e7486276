#include <assert.h>

int main(void)
{
    volatile int truth = 0;
    assert(truth && "this is false");
    return 0;
}
