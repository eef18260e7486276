/* SPDX-License-Identifier: MIT */
#include "executor/task.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "executor/message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>

/* An eventfd that is not 0, which means "none" to the library. */
static int make_event(void)
{
    cleanup_close int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return fd == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : steal_fd(&fd);
}

static void signal_event(int fd)
{
    const uint64_t one = 1;

    /* one that is full says already what there is to say */
    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
        return;
}

int task_new(uint64_t tag, const struct uuid *id, struct spec *spec, struct task **ret_task, struct failure *failure)
{
    struct task *task = calloc(1, sizeof(*task));

    if (!task) {
        spec_free(spec);
        return fail_nomem(failure);
    }
    task->tag = tag;
    task->id = *id;
    task->handed_ns = sn__now_ns();
    task->spec = *spec;
    *spec = (struct spec){0};
    task->cancel = make_event();
    task->wake = task->spec.is_interactive ? make_event() : -1;
    if (task->cancel < 0 || (task->spec.is_interactive && task->wake < 0)) {
        int error = errno;

        task_free(task);
        return fail(failure, FAIL_INTERNAL, "cannot make an eventfd: %s", strerror(error));
    }
    *ret_task = task;
    return 0;
}

void task_free(struct task *task)
{
    if (!task)
        return;
    spec_free(&task->spec);
    sn__buffer_clear(&task->input);
    sn__close(task->cancel);
    sn__close(task->wake);
    free(task);
}

int tasks_open(struct tasks *tasks, unsigned most, struct failure *failure)
{
    *tasks = (struct tasks){.most = most};
    if (pthread_mutex_init(&tasks->lock, NULL) != 0)
        return fail_nomem(failure);
    if (pthread_cond_init(&tasks->has_waiting, NULL) != 0) {
        pthread_mutex_destroy(&tasks->lock);
        return fail_nomem(failure);
    }
    return 0;
}

void tasks_destroy(struct tasks *tasks)
{
    while (tasks->all) {
        struct task *task = tasks->all;

        tasks->all = task->next;
        task_free(task);
    }
    pthread_cond_destroy(&tasks->has_waiting);
    pthread_mutex_destroy(&tasks->lock);
}

static struct task *find(struct tasks *tasks, uint64_t tag)
{
    struct task *task = tasks->all;

    while (task && task->tag != tag)
        task = task->next;
    return task;
}

int tasks_add(struct tasks *tasks, struct task *task, struct failure *failure)
{
    int r = 0;

    pthread_mutex_lock(&tasks->lock);
    if (tasks->count >= tasks->most)
        r = fail(failure, FAIL_INVALID, "a job was started while all of the %u slots have one", tasks->most);
    else if (find(tasks, task->tag))
        r = fail(failure, FAIL_INVALID, "a job was started with the tag of one that is not over");
    if (r == 0) {
        task->next = tasks->all;
        tasks->all = task;
        tasks->count++;
        if (tasks->first_waiting)
            tasks->last_waiting->next_waiting = task;
        else
            tasks->first_waiting = task;
        tasks->last_waiting = task;
        pthread_cond_signal(&tasks->has_waiting);
    }
    pthread_mutex_unlock(&tasks->lock);
    return r;
}

int tasks_give_input(struct tasks *tasks, uint64_t tag, const void *data, size_t length, struct failure *failure)
{
    struct task *task;
    int r = 0;

    pthread_mutex_lock(&tasks->lock);
    task = find(tasks, tag);
    /* of a job that is over it comes too late, which is nobody's fault */
    if (task && task->wake >= 0 && !task->has_input_ended) {
        if (length > INPUT_MAX - task->input.length)
            r = fail(failure, FAIL_INVALID, "more input came than may be on its way");
        else
            sn__buffer_add(&task->input, data, length);
        if (task->input.failed)
            r = fail_nomem(failure);
        signal_event(task->wake);
    }
    pthread_mutex_unlock(&tasks->lock);
    return r;
}

void tasks_end_input(struct tasks *tasks, uint64_t tag)
{
    struct task *task;

    pthread_mutex_lock(&tasks->lock);
    task = find(tasks, tag);
    if (task) {
        task->has_input_ended = true;
        signal_event(task->wake);
    }
    pthread_mutex_unlock(&tasks->lock);
}

static void cancel(struct task *task)
{
    atomic_store(&task->is_cancelled, true);
    signal_event(task->cancel);
}

void tasks_cancel(struct tasks *tasks, uint64_t tag)
{
    struct task *task;

    pthread_mutex_lock(&tasks->lock);
    task = find(tasks, tag);
    if (task)
        cancel(task);
    pthread_mutex_unlock(&tasks->lock);
}

void tasks_close(struct tasks *tasks)
{
    pthread_mutex_lock(&tasks->lock);
    tasks->is_closed = true;
    for (struct task *task = tasks->all; task; task = task->next)
        cancel(task);
    pthread_cond_broadcast(&tasks->has_waiting);
    pthread_mutex_unlock(&tasks->lock);
}

struct task *tasks_take(struct tasks *tasks)
{
    struct task *task = NULL;

    pthread_mutex_lock(&tasks->lock);
    while (!tasks->is_closed && !tasks->first_waiting)
        pthread_cond_wait(&tasks->has_waiting, &tasks->lock);
    if (!tasks->is_closed) {
        task = tasks->first_waiting;
        tasks->first_waiting = task->next_waiting;
        task->next_waiting = NULL;
    }
    pthread_mutex_unlock(&tasks->lock);
    return task;
}

void tasks_take_input(struct tasks *tasks, struct task *task, struct sn__buffer *input, bool *ret_ended)
{
    struct sn__buffer old = *input;

    pthread_mutex_lock(&tasks->lock);
    *input = task->input;
    task->input = (struct sn__buffer){0};
    *ret_ended = task->has_input_ended;
    pthread_mutex_unlock(&tasks->lock);
    sn__buffer_clear(&old);
}

void tasks_remove(struct tasks *tasks, struct task *task)
{
    struct task **at = &tasks->all;

    pthread_mutex_lock(&tasks->lock);
    while (*at && *at != task)
        at = &(*at)->next;
    if (*at) {
        *at = task->next;
        tasks->count--;
    }
    pthread_mutex_unlock(&tasks->lock);
}
