/* SPDX-License-Identifier: Apache-2.0 */
/* Every factor with its levels, and what a level costs more than the default: of the default model, where all else is
 * equal. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "training.h"

enum { NAME_WIDTH = 24 };

/* The default's cost, and that with one factor set: where this goes with flm, of that, else both with plm. False where
 * it goes with neither. */
static bool costs_of(const char *factor, const char *level, ockham_lm_cost *base, ockham_lm_cost *cost) {
  char assignment[128];
  snprintf(assignment, sizeof assignment, "%s=%s", factor, level);
  for (int attempt = 0; attempt < 2; attempt++) {
    ockham_lm_config plain = {.objective = attempt ? OCKHAM_LM_OBJECTIVE_PLM : OCKHAM_LM_OBJECTIVE_FLM}, config = plain;
    if (!ockham_lm_cost_of(&plain, base, NULL) && !ockham_lm_config_set(&config, assignment, NULL) &&
        !ockham_lm_cost_of(&config, cost, NULL))
      return true;
  }
  return false;
}

static void print_cost(const char *factor, const char *level) {
  ockham_lm_cost base, cost;
  if (!costs_of(factor, level, &base, &cost)) {
    printf("%*s", 20, "");
    return;
  }
  double added = 100 * (cost.flops_per_token / base.flops_per_token - 1);
  printf("%+9" PRId64 "  %+7.1f %%", (int64_t)cost.parameters - (int64_t)base.parameters,
         fabs(added) < .05 ? 0 : added);
}

static void print_levels(const ockham_lm_factor *factor) {
  printf("%s: %s\n", factor->name, factor->about);
  for (size_t l = 0; l < factor->n_levels; l++) {
    const ockham_lm_level *level = &factor->levels[l];
    printf("  %-*s", NAME_WIDTH, level->name);
    print_cost(factor->name, level->name);
    if (level->formula[0]) printf("  %s", level->formula);
    if (level->source[0]) printf(" [%s]", level->source);
    printf("\n");
  }
}

/* With the default as a config's text gives it. */
static void print_number(const ockham_lm_factor *factor, const char *defaults) {
  size_t size = strlen(factor->name);
  const char *line = defaults;
  while (*line && !(strncmp(line, factor->name, size) == 0 && line[size] == '=')) {
    line += strcspn(line, "\n");
    line += *line == '\n';
  }
  const char *value = *line ? line + size + 1 : "";
  char range[48];
  snprintf(range, sizeof range, "%.10g to %.10g", factor->low < 0 ? 0 : factor->low, factor->high);
  printf("  %-*s%-10.*s%-22s%s\n", NAME_WIDTH, factor->name, (int)strcspn(value, "\n"), value, range, factor->about);
}

int training_print_levels(void) {
  size_t n;
  const ockham_lm_factor *factors = ockham_lm_factors(&n);
  ockham_lm_config config = {0};
  ockham_lm_cost base;
  ockham_error err = {0};
  if (ockham_lm_config_complete(&config, &err) || ockham_lm_cost_of(&config, &base, &err)) return cli_fail(&err);
  char *defaults = ockham_lm_config_text(&config);
  if (!defaults) {
    cli_no_memory("the text of a config", &err);
    return cli_fail(&err);
  }
  printf("The default is the first level of each: %" PRIu64
         " parameters, %.0f FLOPs a token. Levels are given with what they\n"
         "add to that: parameters, and part of the FLOPs (of architectures that need an objective which gives them\n"
         "something to look at: beside causal with plm).\n\n",
         base.parameters, base.flops_per_token);
  for (size_t f = 0; f < n; f++)
    if (factors[f].levels) print_levels(&factors[f]);
  printf("\nnumbers, with their defaults and ranges:\n");
  for (size_t f = 0; f < n; f++)
    if (!factors[f].levels) print_number(&factors[f], defaults);
  ockham_text_free(defaults);
  return EXIT_DONE;
}
