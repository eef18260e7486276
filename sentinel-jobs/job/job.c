/* SPDX-License-Identifier: MIT */
#include "job/job.h"

#include <stdlib.h>

void job_free(struct job *job)
{
    if (!job)
        return;
    free(job->key_id);
    free(job->user_id);
    free(job->language);
    free(job->worker);
    free(job->callback_url);
    free(job->traceparent);
    free(job->spec);
    free(job->result);
    free(job);
}

void job_cleanup(struct job **job)
{
    job_free(*job);
}
