/* SPDX-License-Identifier: MIT */
#include "result/denied.h"

#include "config/policy_names.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define X32_BIT 0x40000000

/* A line being written into a buffer of fixed size; what does not fit is cut. */
struct line {
    char *text;
    size_t size, used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list args;
    int n;

    if (line->used + 1 >= line->size)
        return;
    va_start(args, format);
    n = vsnprintf(line->text + line->used, line->size - line->used, format, args);
    va_end(args);
    if (n > 0)
        line->used += (size_t)n < line->size - line->used ? (size_t)n : line->size - line->used - 1;
}

/* NAME, or the number if it has none. */
static void add_named(struct line *line, const char *prefix, uint64_t value)
{
    const char *name = sn__constant_name(prefix, value);

    if (name)
        add(line, "%s", name);
    else
        add(line, "%" PRId64, (int64_t)value);
}

/* The single bits of `value` by name, the rest as a number; "0" (or what `none` says) if nothing is set. */
static void add_flags(struct line *line, const char *prefix, uint64_t value, const char *none)
{
    const char *separator = "";
    const char *name;
    uint64_t bit;

    if (!value) {
        add(line, "%s", none);
        return;
    }
    for (size_t i = 0; (name = sn__constant_entry(prefix, i, &bit)); i++) {
        if (!bit || (bit & (bit - 1)) || !(value & bit))
            continue;
        add(line, "%s%s", separator, name);
        separator = "|";
        value &= ~bit;
    }
    if (value)
        add(line, "%s0x%" PRIx64, separator, value);
}

static void add_socket_type(struct line *line, uint32_t type)
{
    add_named(line, "SOCK_", type & 0xf);
    type &= ~UINT32_C(0xf);
    if (type & SOCK_CLOEXEC)
        add(line, "|SOCK_CLOEXEC");
    if (type & SOCK_NONBLOCK)
        add(line, "|SOCK_NONBLOCK");
    type &= ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (type)
        add(line, "|0x%" PRIx32, type);
}

/* The low byte is the signal that the parent gets, everything above it flags. */
static void add_clone_flags(struct line *line, uint64_t flags, int is_clone)
{
    uint64_t signal = is_clone ? flags & 0xff : 0;

    add_flags(line, "CLONE_", flags & ~signal, signal ? "" : "0");
    if (signal) {
        const char *name = sn__constant_name("SIG", signal);

        add(line, "%s", flags & ~signal ? "|" : "");
        if (name)
            add(line, "%s", name);
        else
            add(line, "%" PRIu64, signal);
    }
}

static void add_open_flags(struct line *line, uint32_t flags)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } known[] = {{"O_TMPFILE", O_TMPFILE}, {"O_SYNC", O_SYNC},           {"O_CREAT", O_CREAT},
                 {"O_EXCL", O_EXCL},       {"O_NOCTTY", O_NOCTTY},       {"O_TRUNC", O_TRUNC},
                 {"O_APPEND", O_APPEND},   {"O_NONBLOCK", O_NONBLOCK},   {"O_DSYNC", O_DSYNC},
                 {"O_DIRECT", O_DIRECT},   {"O_DIRECTORY", O_DIRECTORY}, {"O_NOFOLLOW", O_NOFOLLOW},
                 {"O_NOATIME", O_NOATIME}, {"O_CLOEXEC", O_CLOEXEC},     {"O_PATH", O_PATH}};
    static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};

    add(line, "%s", modes[flags & O_ACCMODE]);
    flags &= ~(uint32_t)O_ACCMODE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].bits && (flags & known[i].bits) == known[i].bits) {
            add(line, "|%s", known[i].name);
            flags &= ~known[i].bits;
        }
    if (flags)
        add(line, "|0x%" PRIx32, flags);
}

static void add_map_flags(struct line *line, uint64_t flags)
{
    static const char *const kinds[] = {"0", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE"};
    uint64_t rest = flags & ~UINT64_C(3);

    add(line, "%s", kinds[flags & 3]);
    if (rest) {
        add(line, "|");
        add_flags(line, "MAP_", rest, "0");
    }
}

static void add_futex_op(struct line *line, uint32_t op)
{
    add_named(line, "FUTEX_", op & 0x7f);
    if (op & 0x80)
        add(line, "|FUTEX_PRIVATE_FLAG");
    if (op & 0x100)
        add(line, "|FUTEX_CLOCK_REALTIME");
}

static void add_ioctl(struct line *line, uint32_t command)
{
    static const char *const prefixes[] = {"TIOC", "TC", "FIO", "SIOC", "FICLONE", "FIDEDUPE", "FS_IOC", "BLK"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const char *name = sn__constant_name(prefixes[i], command);

        if (name) {
            add(line, "%s", name);
            return;
        }
    }
    add(line, "0x%" PRIx32, command);
}

static void add_argument(struct line *line, enum sn__arg_kind kind, uint64_t value, int is_clone)
{
    int32_t low = (int32_t)value;

    switch (kind) {
    case SN__ARG_LONG:
        add(line, "%" PRId64, (int64_t)value);
        break;
    case SN__ARG_INT:
        add(line, "%" PRId32, low);
        break;
    case SN__ARG_FLAGS:
        add(line, (uint32_t)low < 10 ? "%" PRIu32 : "0x%" PRIx32, (uint32_t)low);
        break;
    case SN__ARG_MODE:
        add(line, low ? "0%" PRIo32 : "%" PRIo32, (uint32_t)low);
        break;
    case SN__ARG_DIRFD:
        if (low == AT_FDCWD)
            add(line, "AT_FDCWD");
        else
            add(line, "%" PRId32, low);
        break;
    case SN__ARG_OPEN:
        add_open_flags(line, (uint32_t)low);
        break;
    case SN__ARG_FAMILY:
        add_named(line, "AF_", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_SOCKET_TYPE:
        add_socket_type(line, (uint32_t)low);
        break;
    case SN__ARG_CLONE:
        add_clone_flags(line, (uint32_t)low, is_clone);
        break;
    case SN__ARG_SIGNAL:
        add_named(line, "SIG", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_PRCTL:
        add_named(line, "PR_", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_KEYCTL:
        add_named(line, "KEYCTL_", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_IOCTL:
        add_ioctl(line, (uint32_t)low);
        break;
    case SN__ARG_FCNTL:
        add_named(line, "F_", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_FUTEX:
        add_futex_op(line, (uint32_t)low);
        break;
    case SN__ARG_BPF:
        add_named(line, "BPF_", (uint64_t)(int64_t)low);
        break;
    case SN__ARG_PTRACE:
        add_named(line, "PTRACE_", value);
        break;
    case SN__ARG_MOUNT:
        add_flags(line, "MS_", value, "0");
        break;
    case SN__ARG_PROT:
        add_flags(line, "PROT_", value, "PROT_NONE");
        break;
    case SN__ARG_MAP:
        add_map_flags(line, value);
        break;
    default:
        add(line, "0x%" PRIx64, value);
        break;
    }
}

static const char *architecture_name(uint32_t arch)
{
    switch (arch) {
    case AUDIT_ARCH_I386:
        return "i386";
    case AUDIT_ARCH_X86_64:
        return "x86_64";
    case AUDIT_ARCH_ARM:
        return "arm";
    case AUDIT_ARCH_AARCH64:
        return "aarch64";
    case AUDIT_ARCH_RISCV64:
        return "riscv64";
    default:
        return NULL;
    }
}

/* Returns whether the call came by the machine's own ABI; the others number and pass their arguments differently. */
static int add_architecture(struct line *line, uint32_t arch, int32_t *number)
{
    const char *name;

    if (arch == AUDIT_ARCH_X86_64 && *number >= 0 && (*number & X32_BIT)) {
        *number &= ~X32_BIT;
        add(line, "x32: ");
        return 0;
    }
    if (arch == seccomp_arch_native())
        return 1;
    name = architecture_name(arch);
    if (name)
        add(line, "%s: ", name);
    else
        add(line, "architecture 0x%" PRIx32 ": ", arch);
    return 0;
}

void sn__denied_format(uint32_t arch, int32_t number, const uint64_t args[6], char *ret_name, size_t name_size,
                       char *ret_text, size_t text_size)
{
    struct line line = {ret_text, text_size, 0};
    struct sn__arg known[6];
    uint32_t table = arch;
    char name[64];
    int count;

    if (text_size)
        ret_text[0] = '\0';
    if (!add_architecture(&line, arch, &number) && arch == AUDIT_ARCH_X86_64)
        table = SCMP_ARCH_X32;
    /* x32 shares most numbers with x86-64; what is its own begins at 512 */
    if (!(table == SCMP_ARCH_X32 && number < 512 && sn__syscall_name(AUDIT_ARCH_X86_64, number, name, sizeof(name))) &&
        !sn__syscall_name(table, table == SCMP_ARCH_X32 && number >= 0 ? number | X32_BIT : number, name, sizeof(name)))
        snprintf(name, sizeof(name), "syscall_%" PRId32, number);
    if (name_size)
        snprintf(ret_name, name_size, "%s", name);

    add(&line, "%s(", name);
    count = sn__syscall_arguments(name, known);
    if (count < 0) {
        for (count = 6; count > 0 && !args[count - 1]; count--)
            ;
        for (int i = 0; i < count; i++)
            known[i].kind = SN__ARG_POINTER;
    }
    for (int i = 0; i < count; i++) {
        add(&line, "%s", i ? ", " : "");
        add_argument(&line, known[i].kind, args[i], strcmp(name, "clone") == 0);
    }
    add(&line, ")");
}
