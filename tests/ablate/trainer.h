/* SPDX-License-Identifier: Apache-2.0 */
/* A study of two factors with a command that is a line of shell, and a plan of its cells made by hand. */
#ifndef TEST_ABLATE_TRAINER_H
#define TEST_ABLATE_TRAINER_H

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ablate/journal.h"
#include "ablate/study.h"
#include "test.h"

static char folder[64], journal_path[96];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/ockham-ablate-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(journal_path, sizeof journal_path, "%s/j.db", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static const char *const levels_of_a[] = {"off", "on"}, *const levels_of_b[] = {"x", "y", "z"};
static const ockham_study_factor test_factors[] = {{"a", 2, levels_of_a}, {"b", 3, levels_of_b}};
static const ockham_study_setting small[] = {{"width", "32"}}, large[] = {{"width", "64"}};
static const ockham_study_scale test_scales[] = {{.name = "S1", .n_settings = 1, .settings = small},
                                                 {.name = "S2", .n_settings = 1, .settings = large}};

static ockham_study make_study(const char *command) {
  return (ockham_study){.name = "test",
                        .command = command,
                        .metric = "loss",
                        .compute = "flops",
                        .n_factors = 2,
                        .factors = test_factors,
                        .n_scales = 2,
                        .scales = test_scales,
                        .seeds = 1,
                        .worst_loss = 5.5,
                        .cores = 2};
}

enum { MOST_PLANNED = 64 };
static ockham_run planned[MOST_PLANNED];
static uint8_t planned_levels[2 * MOST_PLANNED];
static ockham_plan test_plan;

static inline void plan_clear(void) {
  test_plan = (ockham_plan){.runs = planned, .levels = planned_levels};
}

static inline void plan_add(ockham_purpose purpose, size_t scale, int a, int b, uint64_t seed, double rate) {
  size_t n = test_plan.n_runs++;
  planned_levels[2 * n] = (uint8_t)a;
  planned_levels[2 * n + 1] = (uint8_t)b;
  planned[n] = (ockham_run){.id = n + 1,
                            .purpose = purpose,
                            .scale = scale,
                            .levels = planned_levels + 2 * n,
                            .seed = seed,
                            .rate = rate,
                            .loss = NAN};
}

#endif
