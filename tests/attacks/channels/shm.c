/* SPDX-License-Identifier: MIT */
/*
 * Shared memory and semaphores as a channel: between two sandboxes, between two runs of one, or with the host.
 *
 *     shm posix [DIRECTORY] plant|look      shm sysv|sem plant|look      shm posix-host|sysv-host|mq-host
 */
#include "attack.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define KEY 0x5e47a77c
#define ROOM 64

static void stay(void)
{
    printf("READY\n");
    fflush(stdout);
    sleep(2);
    _exit(0);
}

static void posix(const char *directory, int plant)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof(path), "%s/sentinel-channel", directory);
    fd = open(path, O_RDWR | (plant ? O_CREAT : 0), 0666);
    if (fd < 0)
        held_by_errno(path);
    if (plant) {
        fchmod(fd, 0666);
        if (write(fd, scene("SN_SECRET"), strlen(scene("SN_SECRET"))) < 0)
            cannot("write: %s", strerror(errno));
        return;
    }
    show(fd);
    unlink(path);
    breach("%s is there", path);
}

static void sysv(int plant)
{
    int id = shmget(KEY, 4096, plant ? IPC_CREAT | 0666 : 0);
    char *memory = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

    if (memory == (void *)-1)
        held_by_errno("shmget");
    if (plant) {
        snprintf(memory, ROOM, "%s", scene("SN_SECRET"));
        return;
    }
    printf("%.64s\n", memory);
    shmctl(id, IPC_RMID, NULL);
    breach("the segment is there");
}

/* Each semaphore holds a character. */
static void sem(int plant)
{
    int id = semget(KEY, ROOM, plant ? IPC_CREAT | 0666 : 0);
    unsigned short values[ROOM] = {0};
    const char *secret = plant ? scene("SN_SECRET") : "";

    if (id < 0)
        held_by_errno("semget");
    for (int i = 0; secret[i] && i < ROOM - 1; i++)
        values[i] = (unsigned char)secret[i];
    if (plant) {
        if (semctl(id, 0, SETALL, values) < 0)
            held_by_errno("semctl");
        return;
    }
    semctl(id, 0, GETALL, values);
    for (int i = 0; values[i] && i < ROOM - 1; i++)
        putchar(values[i]);
    putchar('\n');
    semctl(id, 0, IPC_RMID);
    breach("the semaphores are there");
}

/* By their numbers, without a key. */
static void probe(void)
{
    struct shmid_ds segment;
    struct seminfo info;
    int top = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);

    for (int i = 0; i <= top; i++) {
        if (shmctl(i, SHM_STAT, &segment) >= 0 || errno == EACCES)
            breach("a segment of others, of %zu bytes", segment.shm_segsz);
    }
    held("no segment but one's own");
}

static void mq(void)
{
    mqd_t queue = mq_open(scene("SN_MQ_NAME"), O_RDONLY | O_NONBLOCK);
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    char text[8192];
    ssize_t length;

    if (queue < 0)
        held_by_errno("mq_open");
    mq_notify(queue, &event);
    length = mq_receive(queue, text, sizeof(text), NULL);
    if (length > 0)
        printf("%.*s\n", (int)length, text);
    breach("the host's message queue is open");
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "sysv";
    int plant = strcmp(argv[argc - 1], "plant") == 0;
    char path[4096];
    int id, fd;

    if (strcmp(how, "posix") == 0)
        posix(argc > 3 ? argv[2] : "/dev/shm", plant);
    else if (strcmp(how, "sysv") == 0)
        sysv(plant);
    else if (strcmp(how, "sem") == 0)
        sem(plant);
    else if (strcmp(how, "probe") == 0)
        probe();
    else if (strcmp(how, "mq-host") == 0)
        mq();
    else if (strcmp(how, "sysv-host") == 0) {
        id = shmget(atoi(scene("SN_SHM_KEY")), 0, 0);
        if (id < 0)
            held_by_errno("shmget");
        printf("%.64s\n", (char *)shmat(id, NULL, SHM_RDONLY));
        breach("the host's segment is there");
    } else if (strcmp(how, "posix-host") == 0) {
        snprintf(path, sizeof(path), "%s%s", argc > 2 ? argv[2] : "/dev/shm", scene("SN_SHM_NAME"));
        fd = open(path, O_RDWR);
        if (fd < 0)
            held_by_errno(path);
        show(fd);
        breach("the host's shared memory is there");
    } else
        cannot("no way called %s", how);
    stay();
}
