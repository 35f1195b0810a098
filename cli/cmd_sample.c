/* SPDX-License-Identifier: Apache-2.0 */
/* Text from a trained model. */
#include <stdio.h>
#include <string.h>

#include <ockham/lm.h>

#include "cli.h"

typedef struct sample_options {
  const char *prompt;
  size_t length, top;
  double temperature;
  uint64_t seed;
} sample_options;

static const cli_option option_table[] = {
    {"prompt", CLI_TEXT, "TEXT", "go on from this (default: begin a document)", offsetof(sample_options, prompt), NULL},
    {"length", CLI_COUNT, "N", "tokens to print (default: 256)", offsetof(sample_options, length), NULL},
    {"temperature", CLI_REAL, "T", "1 as learnt (default), less is safer, 0 the likeliest token",
     offsetof(sample_options, temperature), NULL},
    {"top", CLI_COUNT, "K", "only the K likeliest tokens (default: all)", offsetof(sample_options, top), NULL},
    {"seed", CLI_SEED, "N", "of the choice (default: 0)", offsetof(sample_options, seed), NULL},
    {0},
};

static bool put(void *arg, const void *bytes, size_t size) {
  (void)arg;
  return fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
}

/* A model that reads backwards has the prompt behind what it writes. */
static ockham_status print_text(ockham_lm *model, const sample_options *o, ockham_error *err) {
  bool reverse = ockham_lm_config_of(model)->order == OCKHAM_LM_ORDER_REVERSE;
  ockham_lm_sample_options options = {.prompt = o->prompt,
                                      .prompt_size = o->prompt ? strlen(o->prompt) : 0,
                                      .length = o->length,
                                      .temperature = o->temperature > 0 ? o->temperature : -1,
                                      .top = o->top,
                                      .seed = o->seed,
                                      .put = put};
  if (o->prompt && !reverse) fputs(o->prompt, stdout);
  ockham_status status = ockham_lm_sample(model, &options, err);
  if (o->prompt && reverse) fputs(o->prompt, stdout);
  putchar('\n');
  return status;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  sample_options options = {.temperature = 1};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop || code) return code;
  if (options.temperature < 0) return cli_fail_usage("--temperature must be 0 or more");
  ockham_lm *model;
  ockham_error err = {0};
  ockham_status status = ockham_lm_load(arguments[0], &model, &err);
  if (status) return cli_fail(&err);
  status = print_text(model, &options, &err);
  ockham_lm_free(model);
  return status ? cli_fail(&err) : EXIT_DONE;
}

const cli_command cmd_sample = {
    .name = "sample",
    .usage = "MODEL [options]",
    .summary = "print text from a trained model",
    .details = "MODEL is what `ockham train --out` keeps; a checkpoint of a run that goes on will do.",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
