/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCKHAM_CLI_SERVED_H
#define OCKHAM_CLI_SERVED_H

#include <ockham/serve.h>

#include "cli.h"

/* The models of the arguments (fitted ones, and at most one configuration), of --model and of --upstream, in this
 * order; *n_of_file: how many of them are the configuration's. EXIT_DONE, or an exit code after lines about what is
 * wrong. */
int cli_served_read(int n_arguments, char **arguments, const cli_list *models, const cli_list *upstreams,
                    ockham_serve_file **file, unsigned *n_of_file);
/* A line about a problem of a configuration; the exit code that goes with its status. */
void cli_tell_problem(void *user, const char *line);
int cli_problem_code(ockham_status status);

#endif
