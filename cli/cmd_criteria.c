/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli.h"

static const cli_option options[] = {{0}};

static void print_choice(const ockham_criterion *c) {
  static const char *const extremes[] = {
      [OCKHAM_MAXIMUM] = "highest is best", [OCKHAM_MINIMUM] = "lowest is best", [OCKHAM_KNEE] = "knee is best"};
  printf("%s", c->rule ? c->rule : extremes[c->direction]);
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  int n_positional;
  bool stop;
  char none;
  int failed = cli_parse(command, n_arguments, arguments, &none, &n_positional, &stop);
  if (stop) return failed;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    printf("%s\n  %s: ", criteria[c].name, criteria[c].title);
    print_choice(&criteria[c]);
    printf(", %s\n  %s\n  source: %s\n\n", criteria[c].can_answer_one ? "can answer 1" : "cannot answer 1",
           criteria[c].formula, criteria[c].source);
  }
  printf(
      "n rows, d columns that vary, k clusters of n_j rows; S_j: sum of squared distances in cluster j, S: of all\n");
  return EXIT_DONE;
}

const cli_command cmd_criteria = {
    .name = "criteria",
    .usage = "",
    .summary = "every criterion with its formula, direction and source",
    .options = options,
    .run = run,
};
