/* SPDX-License-Identifier: MIT */
#include "executor/outcome.h"

#include <stdlib.h>

bool step_outcome_is_whole(const struct step_outcome *step)
{
    return step->verdict && step->limit && step->out.data && step->err.data && step->denied && step->notes &&
           step->cpu_source && step->memory_source;
}

void step_outcome_free(struct step_outcome *step)
{
    free(step->verdict);
    free(step->limit);
    free(step->out.data);
    free(step->err.data);
    free(step->denied);
    free(step->notes);
    free(step->cpu_source);
    free(step->memory_source);
    *step = (struct step_outcome){0};
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->reason);
    step_outcome_free(&outcome->compile);
    step_outcome_free(&outcome->run);
    for (size_t i = 0; i < outcome->case_count; i++) {
        step_outcome_free(&outcome->cases[i].step);
        free(outcome->cases[i].explanation);
    }
    free(outcome->cases);
    free(outcome->policy);
    *outcome = (struct outcome){0};
}
