/* SPDX-License-Identifier: MIT */
/* The program that the sandboxes of these tests run: small, so that a cycle is short. */
#include "init/sys.h"

#include <linux/mman.h>

static char buffer[65536];

static int echo(void)
{
    long n;

    while ((n = sn__sys(__NR_read, 0, buffer, sizeof(buffer))) > 0) {
        for (long done = 0; done < n;) {
            long r = sn__sys(__NR_write, 1, buffer + done, n - done);

            if (r < 0)
                return 1;
            done += r;
        }
    }
    return n < 0;
}

static int sleep_on(void)
{
    struct {
        long seconds, nanoseconds;
    } pause = {60, 0};

    sn__sys(__NR_nanosleep, &pause, NULL);
    return 0;
}

static long map(unsigned long bytes)
{
    return sn__sys(__NR_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int touch_all(void)
{
    volatile char *memory = (volatile char *)map(16UL << 20);

    for (unsigned long i = 0; i < 16UL << 20; i += 4096)
        memory[i] = 1;
    return 0;
}

static int large(void)
{
    long r = map(1UL << 40);

    sn__sys(__NR_write, 1, r < 0 && r > -4096 ? "refused" : "granted", 7);
    return 0;
}

static int leave_processes(void)
{
    for (int i = 0; i < 3; i++)
        if (sn__sys(__NR_clone, 17 /* SIGCHLD */, NULL, NULL, NULL, 0) == 0)
            sn__sys_exit(sleep_on());
    return 0;
}

_Noreturn __attribute__((used)) void victim_main(long *stack);
void victim_main(long *stack)
{
    const char *mode = stack[0] > 1 ? (const char *)stack[2] : "";
    int status = 99;

    if (mode[0] == 'e')
        status = echo();
    else if (mode[0] == 's' && mode[1] == 'l')
        status = sleep_on();
    else if (mode[0] == 's' && mode[1] == 'o')
        status = (int)sn__sys(__NR_socket, 2, 1, 0);
    else if (mode[0] == 's')
        for (;;)
            buffer[0]++;
    else if (mode[0] == 'm')
        status = touch_all();
    else if (mode[0] == 'l')
        status = large();
    else if (mode[0] == 'f')
        status = leave_processes();
    sn__sys_exit(status);
}

__attribute__((naked, noreturn, used)) void _start(void);
void _start(void)
{
    __asm__("xor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall victim_main\n\thlt");
}
