/* SPDX-License-Identifier: MIT */
/* Keys outlive processes: a user's keyring belongs to a uid of a user namespace, whoever runs there. */
#include "attack.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>

#define NAME "sentinel-channel"

int main(int argc, char **argv)
{
    long ring = argc > 2 && strcmp(argv[1], "session") == 0 ? KEY_SPEC_SESSION_KEYRING : KEY_SPEC_USER_KEYRING;
    const char *secret;
    char text[256] = "";
    long key, n;

    if (strcmp(argv[argc - 1], "plant") == 0) {
        secret = scene("SN_SECRET");
        key = syscall(SYS_add_key, "user", NAME, secret, strlen(secret), ring);
        if (key < 0 && errno == ENOSYS)
            cannot("this kernel has no keys");
        if (key < 0)
            held_by_errno("add_key");
        syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f3f3f3f);
        printf("READY\n");
        fflush(stdout);
        sleep(1);
        return 0;
    }
    key = syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user", NAME, 0);
    if (key < 0)
        held_by_errno("keyctl");
    n = syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text) - 1);
    printf("%.*s\n", n > 0 ? (int)n : 0, text);
    syscall(SYS_keyctl, KEYCTL_UNLINK, key, ring);
    breach("the key is there");
}
