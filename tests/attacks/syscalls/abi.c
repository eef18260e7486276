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
    static const char line[] = "HELD: the processor or the kernel refuses the ABI\n";

    (void)signal;
    _exit(write(1, line, sizeof(line) - 1) < 0);
}

static long interrupt(void)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"((long)I386_GETPID) : "memory", "cc", "r8", "r9", "r10", "r11");
    return result;
}

/*
 * A far jump into the 32-bit segment 0x23 and back into 0x33. What the 32-bit code touches lies in the first 4 GiB; of
 * the registers only the lower halves come back, so our stack and our way on are kept in memory there. It is jumped
 * both ways, since a kernel in an emulated machine was seen to stumble over far returns.
 */
static long far_jump(void)
{
    unsigned char there[] = {
        0xb8, I386_GETPID, 0, 0, 0,          /* mov eax, getpid */
        0xcd, 0x80,                          /* int 0x80 */
        0xea, 0,           0, 0, 0, 0x33, 0, /* ljmp 0x33:back */
    };
    unsigned char back[] = {
        0x48, 0x8b, 0x24, 0x25, 0, 0, 0, 0, /* mov rsp, [saved] */
        0xff, 0x24, 0x25, 0,    0, 0, 0,    /* jmp [saved + 8] */
    };
    char *room = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    struct {
        unsigned offset;
        unsigned short segment;
    } __attribute__((packed)) way, *to = &way;
    unsigned long *saved;
    unsigned address;
    long result;

    if (room == MAP_FAILED)
        cannot("no memory below 4 GiB: %s", strerror(errno));
    saved = (unsigned long *)(void *)(room + 4096);
    address = (unsigned)(unsigned long)saved;
    memcpy(back + 4, &address, sizeof(address));
    address += 8;
    memcpy(back + 11, &address, sizeof(address));
    address = (unsigned)(unsigned long)(room + 64);
    memcpy(there + 8, &address, sizeof(address));
    memcpy(room, there, sizeof(there));
    memcpy(room + 64, back, sizeof(back));
    if (mprotect(room, 4096, PROT_READ | PROT_EXEC) < 0)
        cannot("mprotect: %s", strerror(errno));
    way.offset = (unsigned)(unsigned long)room;
    way.segment = 0x23;
    __asm__ volatile("push %%rbp\n\t"
                     "push %%rbx\n\t"
                     "push %%r12\n\t"
                     "push %%r13\n\t"
                     "push %%r14\n\t"
                     "push %%r15\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "mov %%rsp, (%%rdi)\n\t"
                     "mov %%rax, 8(%%rdi)\n\t"
                     "ljmpl *(%%rsi)\n"
                     "1: pop %%r15\n\t"
                     "pop %%r14\n\t"
                     "pop %%r13\n\t"
                     "pop %%r12\n\t"
                     "pop %%rbx\n\t"
                     "pop %%rbp"
                     : "=a"(result), "+D"(saved), "+S"(to)
                     :
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
    return (int)result;
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
    static char room[65536];
    const stack_t aside = {.ss_sp = room, .ss_size = sizeof(room)};
    const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    const char *how = argc == 2 ? argv[1] : "";
    long r;

    sigaltstack(&aside, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
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
