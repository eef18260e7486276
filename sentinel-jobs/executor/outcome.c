/* SPDX-License-Identifier: MIT */
#include "executor/outcome.h"

#include <stdlib.h>

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
