/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const cli_command *const commands[] = {&cmd_clusters, &cmd_fit,    &cmd_mixture,  &cmd_predict,  &cmd_profile,
                                              &cmd_drift,    &cmd_show,   &cmd_generate, &cmd_criteria, &cmd_serve,
                                              &cmd_requests, &cmd_replay, &cmd_certify,  &cmd_worker,   &cmd_corpus,
                                              &cmd_train,    &cmd_sample, &cmd_ablate};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(FILE *out) {
  fputs("ockham: the simplest model that the data support\n\n", out);
  for (size_t c = 0; c < N_COMMANDS; c++)
    fprintf(out, "  ockham %-9s %-24s %s\n", commands[c]->name, commands[c]->usage, commands[c]->summary);
  fputs("\n  ockham COMMAND --help    all options of a command\n", out);
  fputs("  ockham --version         the version, and the instruction set in use\n\n", out);
  fputs("Start with: ockham clusters data.csv\n", out);
}

static int run_command(int argc, char **argv) {
  if (argc < 2) {
    print_overview(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_overview(stdout);
    return EXIT_DONE;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("ockham %s (%s)\n", ockham_version(), ockham_instruction_set());
    return EXIT_DONE;
  }
  for (size_t c = 0; c < N_COMMANDS; c++)
    if (strcmp(argv[1], commands[c]->name) == 0) return commands[c]->run(argc - 2, argv + 2, commands[c]);
  return cli_fail_usage("there is no command '%s'; `ockham --help` lists them", argv[1]);
}

/* What was printed may still be in a buffer, and a full disk must not look like success. */
static int finish_output(int code) {
  bool failed = fflush(stdout) != 0 || ferror(stdout);
  if (!failed || code != EXIT_DONE) return code;
  fprintf(stderr, "ockham: standard output: %s\n", strerror(errno));
  return EXIT_RESOURCES;
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, ""); /* for the terminal's character set; numbers never depend on the locale */
  return finish_output(run_command(argc, argv));
}
