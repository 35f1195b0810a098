/* SPDX-License-Identifier: Apache-2.0 */
/* Train a small language model: the options, the run, and what is said of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "training.h"

typedef struct train_options {
  cli_list set;
  const char *config, *out;
  double checkpoint_s;
  size_t points, held_bytes;
  bool resume, metrics, json, levels, quiet;
} train_options;

static const cli_option option_table[] = {
    {"set", CLI_TEXTS, "NAME=VALUE", "a factor and its level, or a number; --levels lists them",
     offsetof(train_options, set), NULL},
    {"config", CLI_TEXT, "FILE", "a file of such lines; --set goes before it", offsetof(train_options, config), NULL},
    {"out", CLI_OUTPUT, "FILE", "keep the model here, and a checkpoint on the way", offsetof(train_options, out), NULL},
    {"resume", CLI_FLAG, NULL, "go on from --out, if it is there", offsetof(train_options, resume), NULL},
    {"checkpoint-seconds", CLI_REAL, "S", "time from one checkpoint to the next (default: 60)",
     offsetof(train_options, checkpoint_s), NULL},
    {"points", CLI_COUNT, "N", "points of the curve (default: 50)", offsetof(train_options, points), NULL},
    {"held-bytes", CLI_BYTES, "N", "held-out text that is measured at the end (default: 64K)",
     offsetof(train_options, held_bytes), NULL},
    {"metrics", CLI_FLAG, NULL, "print lines METRIC name=value for `ockham ablate run`",
     offsetof(train_options, metrics), NULL},
    {"json", CLI_FLAG, NULL, "print the result and the curve as JSON", offsetof(train_options, json), NULL},
    {"levels", CLI_FLAG, NULL, "print every factor, its levels, formulas, sources and cost",
     offsetof(train_options, levels), NULL},
    {"quiet", CLI_FLAG, NULL, "no progress line", offsetof(train_options, quiet), NULL},
    {0},
};

/* ---- the config ---- */

/* "name=value" lines; blank lines and those that begin with # say nothing. */
static ockham_status set_line(const char *path, size_t number, char *line, ockham_lm_config *config,
                              ockham_error *err) {
  ockham_error inner = {0};
  line[strcspn(line, "\r\n")] = '\0';
  line += strspn(line, " \t");
  if (!*line || *line == '#') return OCKHAM_OK;
  if (!ockham_lm_config_set(config, line, &inner)) return OCKHAM_OK;
  *err = (ockham_error){.status = inner.status};
  snprintf(err->message, sizeof err->message, "%s, line %zu: %.400s", path, number, inner.message);
  return err->status;
}

static ockham_status read_config(const char *path, ockham_lm_config *config, ockham_error *err) {
  FILE *file = fopen(path, "r");
  if (!file) {
    *err = (ockham_error){.status = OCKHAM_IO};
    snprintf(err->message, sizeof err->message, "%s: cannot be opened", path);
    return OCKHAM_IO;
  }
  char line[256];
  ockham_status status = OCKHAM_OK;
  for (size_t number = 1; !status && fgets(line, sizeof line, file); number++)
    status = set_line(path, number, line, config, err);
  fclose(file);
  return status;
}

static ockham_status make_config(const train_options *o, ockham_lm_config *config, ockham_error *err) {
  ockham_status status = o->config ? read_config(o->config, config, err) : OCKHAM_OK;
  for (size_t i = 0; !status && i < o->set.n; i++) status = ockham_lm_config_set(config, o->set.items[i], err);
  return status ? status : ockham_lm_config_complete(config, err);
}

/* ---- the run ---- */

static ockham_status train(const char *path, const train_options *o, const ockham_lm_config *config,
                           ockham_lm_result *result, ockham_error *err) {
  training_progress progress;
  ockham_corpus *corpus;
  ockham_status status = ockham_corpus_open(path, &corpus, err);
  if (status) return status;
  training_progress_start(&progress, o->quiet || o->metrics || o->json);
  ockham_lm_train_options options = {.checkpoint = o->out,
                                     .checkpoint_s = o->checkpoint_s,
                                     .resume = o->resume,
                                     .points = o->points,
                                     .held_bytes = o->held_bytes,
                                     .on_point = training_progress_point,
                                     .arg = &progress,
                                     .progress = progress.progress};
  status = ockham_lm_train(config, corpus, &options, result, err);
  cli_progress_end();
  ockham_corpus_free(corpus);
  return status;
}

static int fail(const ockham_error *err, const train_options *o) {
  int code = cli_fail(err);
  if (err->status == OCKHAM_INTERRUPTED && o->out)
    fprintf(stderr, "ockham: the same command with --resume goes on from there\n");
  return code;
}

static int train_file(const char *path, const train_options *o) {
  ockham_lm_config config = {0};
  ockham_lm_cost cost;
  ockham_lm_result result = {0};
  ockham_error err = {0};
  ockham_status status = make_config(o, &config, &err);
  if (!status) status = ockham_lm_cost_of(&config, &cost, &err);
  if (!status) status = train(path, o, &config, &result, &err);
  if (status) return fail(&err, o);
  if (o->metrics)
    training_print_metrics(&cost, &result);
  else if (o->json)
    status = training_print_json(&config, &cost, &result, &err);
  else
    training_print_account(&config, &cost, &result, o->out);
  ockham_lm_result_clear(&result);
  return status ? cli_fail(&err) : EXIT_DONE;
}

static int check(const train_options *o, int n_files) {
  if (o->levels) return n_files ? cli_fail_usage("--levels takes no corpus") : EXIT_DONE;
  if (!n_files) return cli_fail_usage("train needs a corpus, which `ockham corpus` makes of text");
  if (o->resume && !o->out) return cli_fail_usage("--resume goes on from a file: --out FILE");
  if (o->metrics && o->json) return cli_fail_usage("--metrics and --json are two ways to print the same");
  if (o->checkpoint_s < 0) return cli_fail_usage("--checkpoint-seconds must be above 0");
  return EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  train_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop) code = check(&options, n_positional);
  if (!stop && !code) code = options.levels ? training_print_levels() : train_file(arguments[0], &options);
  cli_list_free(&options.set);
  return code;
}

const cli_command cmd_train = {
    .name = "train",
    .usage = "CORPUS [options]",
    .summary = "train a small language model",
    .details =
        "CORPUS is made by `ockham corpus`. One thread: run several at once for several models.\n"
        "Ctrl-C keeps what --out has; --resume goes on to the same bits as without a stop.",
    .min_arguments = 0,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
