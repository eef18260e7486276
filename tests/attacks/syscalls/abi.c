/* SPDX-License-Identifier: MIT */
/*
 * Numbers mean other calls in other ABIs, and a filter that looks at numbers only is got around by speaking another
 * one: i386 by int 0x80, from 64-bit code, from a 32-bit code segment, or from a whole 32-bit program; x32 by a bit in
 * the number. The call is getpid, which does nothing.
 */
#include "attack.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define I386_GETPID 20
#define X32_BIT 0x40000000L

static void on_fault(int signal)
{
    (void)signal;
    held("the processor or the kernel refuses the ABI");
}

static long interrupt(void)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"((long)I386_GETPID) : "memory", "cc", "r8", "r9", "r10", "r11");
    return result;
}

/*
 * Code for a far jump into the 32-bit segment 0x23 and back into 0x33. Both it and its stack have to lie in the first
 * 4 GiB.
 */
static long far_jump(void)
{
    static const unsigned char code[] = {
        0xb8, I386_GETPID, 0, 0, 0, /* mov eax, getpid */
        0xcd, 0x80,                 /* int 0x80 */
        0xcb,                       /* lret: to the segment and offset on the stack */
    };
    char *room = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    unsigned char *back; /* where the 32-bit code returns to: it restores the stack and goes on */
    unsigned *stack, *top;
    long result;

    if (room == MAP_FAILED)
        cannot("no memory below 4 GiB: %s", strerror(errno));
    memcpy(room, code, sizeof(code));
    back = (unsigned char *)room + 64;
    memcpy(back, "\x4c\x89\xe4\xff\xe5", 5); /* mov rsp, r12; jmp rbp */
    if (mprotect(room, 4096, PROT_READ | PROT_EXEC) < 0)
        cannot("mprotect: %s", strerror(errno));
    stack = (unsigned *)(void *)(room + 8192 - 64);
    stack[0] = (unsigned)(unsigned long)back;
    stack[1] = 0x33;
    top = stack + 2;
    __asm__ volatile("push %%rbp\n\t"
                     "mov %%rsp, %%r12\n\t"
                     "lea 1f(%%rip), %%rbp\n\t"
                     "mov %%rdi, %%rsp\n\t"
                     "sub $16, %%rsp\n\t"
                     "movl %%esi, (%%rsp)\n\t"
                     "movl $0x23, 4(%%rsp)\n\t"
                     "lretl\n"
                     "1: pop %%rbp"
                     : "=a"(result), "+D"(top), "+S"(room)
                     :
                     : "r12", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

/* A 32-bit program of 112 bytes: getpid, then exit(42). */
static void write_program(const char *path)
{
    static const unsigned char program[] = {
        0x7f, 'E',         'L', 'F', 1,    1,    1,    0, 0,    0,    0,    0,    0,  0,    0, 0, /* 32 bits,
                                                                                                     little-endian */
        2,    0,           3,   0,   1,    0,    0,    0, 0x54, 0x80, 4,    8,    52, 0,    0, 0, /* EM_386; the entry
                                                                                                     is 0x8048054 */
        0,    0,           0,   0,   0,    0,    0,    0, 52,   0,    32,   0,    1,  0,    0, 0, 0,
        0,    0,           0, /* one program header, at 52 */
        1,    0,           0,   0,   0,    0,    0,    0, 0,    0x80, 4,    8,    0,  0x80, 4, 8, /* loaded at 0x8048000
                                                                                                   */
        0x70, 0,           0,   0,   0x70, 0,    0,    0, 5,    0,    0,    0,    0,  0x10, 0, 0, /* 112 bytes, readable
                                                                                                     and executable */
        0xb8, I386_GETPID, 0,   0,   0,    0xcd, 0x80,                            /* mov eax, getpid; int 0x80 */
        0xbb, 42,          0,   0,   0,    0xb8, 1,    0, 0,    0,    0xcd, 0x80, /* mov ebx, 42; mov eax, exit; int
                                                                                     0x80 */
        0,    0,           0,   0,   0,    0,    0,    0, 0,
    };
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    if (fd < 0 || write(fd, program, sizeof(program)) != (ssize_t)sizeof(program))
        cannot("%s: %s", path, strerror(errno));
    close(fd);
}

static void run_program(void)
{
    char *argv[] = {(char *)(size_t) "elf32", NULL};
    int status;
    pid_t pid;

    write_program("elf32");
    pid = fork();
    if (pid == 0) {
        execve("./elf32", argv, environ);
        _exit(errno == ENOEXEC ? 77 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        cannot("fork: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
        breach("a 32-bit program runs");
    held("a 32-bit program does not run (status %x)", status);
}

int main(int argc, char **argv)
{
    const char *how = argc == 2 ? argv[1] : "";
    long r;

    signal(SIGSEGV, on_fault);
    signal(SIGILL, on_fault);
    if (strcmp(how, "program") == 0)
        run_program();
    r = strcmp(how, "int80") == 0      ? interrupt()
        : strcmp(how, "far-jump") == 0 ? far_jump()
        : strcmp(how, "x32") == 0      ? syscall(SYS_getpid | X32_BIT)
                                       : -1;
    if (r > 0)
        breach("a call of a foreign ABI answered %ld", r);
    if (r == -1 && errno == ENOSYS)
        held("this kernel does not have the ABI");
    return 1;
}
