/* SPDX-License-Identifier: Apache-2.0 */
/* Tables with a known answer. */
#include <string.h>

#include "cli.h"

typedef struct generate_options {
  ockham_blobs_options blobs;
  const char *output;
} generate_options;

#define FIELD(name) offsetof(generate_options, blobs.name)

static const cli_option option_table[] = {
    {"k", CLI_COUNT, "K", "clusters (default: 3)", FIELD(k), NULL},
    {"columns", CLI_COUNT, "N", "columns (default: 2)", FIELD(n_columns), NULL},
    {"rows", CLI_COUNT, "N", "rows of each cluster, or of the smallest (default: 100)", FIELD(rows_per_cluster), NULL},
    {"rows-max", CLI_COUNT, "N", "rows of the largest; sizes run evenly from --rows to it", FIELD(rows_per_cluster_max),
     NULL},
    {"random-sizes", CLI_FLAG, NULL, "draw the sizes between --rows and --rows-max instead", FIELD(random_sizes), NULL},
    {"low", CLI_REAL, "X", "centres are uniform between --low and --high (default: -1)", FIELD(box_low), NULL},
    {"high", CLI_REAL, "X", "(default: 1)", FIELD(box_high), NULL},
    {"min-distance", CLI_REAL, "X", "least distance between two centres", FIELD(min_distance), NULL},
    {"sd", CLI_REAL, "X", "standard deviation of a cluster (default: a fifth of --min-distance, or 0.1)", FIELD(sd),
     NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", FIELD(seed), NULL},
    {"output", CLI_OUTPUT, "FILE", "where to write (default: standard output as CSV; NPY by its ending)",
     offsetof(generate_options, output), NULL},
    {0},
};

static int run(int n_arguments, char **arguments, const cli_command *command) {
  generate_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop) return code;
  if (strcmp(arguments[0], "blobs") != 0) return cli_fail_usage("generate can make 'blobs', found '%s'", arguments[0]);
  ockham_error err = {0};
  ockham_table *table;
  ockham_status status = ockham_generate_blobs(&options.blobs, &table, &err);
  if (status) return cli_fail(&err);
  status = ockham_table_write(table, options.output ? options.output : "-", &err);
  ockham_table_free(table);
  return status ? cli_fail(&err) : EXIT_DONE;
}

const cli_command cmd_generate = {
    .name = "generate",
    .usage = "blobs [options]",
    .summary = "a table of Gaussian clusters with known labels",
    .min_arguments = 1,
    .max_arguments = 1,
    .options = option_table,
    .run = run,
};
