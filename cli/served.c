/* SPDX-License-Identifier: Apache-2.0 */
/* Which models a command line names: fitted ones, a configuration, programs and servers. */
#include "served.h"

#include <stdlib.h>
#include <string.h>

void cli_tell_problem(void *user, const char *line) {
  (void)user;
  fprintf(stderr, "ockham: %s\n", line);
}

int cli_problem_code(ockham_status status) {
  return status == OCKHAM_NO_MEMORY || status == OCKHAM_UNSUPPORTED ? EXIT_RESOURCES
         : status == OCKHAM_BAD_ARGUMENT                            ? EXIT_USAGE
                                                                    : EXIT_DATA;
}

static bool is_configuration(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* The configuration among the arguments, or one that says nothing. */
static int read_configuration(int n_arguments, char **arguments, ockham_serve_file **file) {
  const char *path = NULL;
  ockham_error err = {0};
  for (int i = 0; i < n_arguments; i++) {
    if (!is_configuration(arguments[i])) continue;
    if (path) return cli_fail_usage("expected one configuration, found %s and %s", path, arguments[i]);
    path = arguments[i];
  }
  if (!path) return ockham_serve_file_new(file, &err) ? cli_fail(&err) : EXIT_DONE;
  ockham_status status = ockham_serve_file_read_each(path, cli_tell_problem, NULL, file, &err);
  bool untold = status == OCKHAM_NO_MEMORY || status == OCKHAM_UNSUPPORTED;
  return untold ? cli_fail(&err) : status ? cli_problem_code(status) : EXIT_DONE;
}

/* NAME=TEXT, for each of a list. */
static int add_named(const cli_list *list, ockham_serve_kind kind, const char *option, ockham_serve_file *file) {
  for (size_t i = 0; i < list->n; i++) {
    const char *item = list->items[i], *equals = strchr(item, '=');
    if (!equals || equals == item || !equals[1])
      return cli_fail_usage("--%s must be a name, '=' and a %s, found '%s'", option,
                            kind == OCKHAM_SERVE_COMMAND ? "command" : "URL", item);
    ockham_error err = {0};
    char *name = strndup(item, (size_t)(equals - item));
    ockham_status status =
        name ? ockham_serve_file_add(file, kind, name, equals + 1, &err) : cli_no_memory("the name of a model", &err);
    free(name);
    if (status) return cli_fail(&err);
  }
  return EXIT_DONE;
}

static int add_models(int n_arguments, char **arguments, const cli_list *models, const cli_list *upstreams,
                      ockham_serve_file *file) {
  ockham_error err = {0};
  for (int i = 0; i < n_arguments; i++)
    if (!is_configuration(arguments[i]) && ockham_serve_file_add(file, OCKHAM_SERVE_FITTED, NULL, arguments[i], &err))
      return cli_fail(&err);
  int code = add_named(models, OCKHAM_SERVE_COMMAND, "model", file);
  return code ? code : add_named(upstreams, OCKHAM_SERVE_UPSTREAM, "upstream", file);
}

int cli_served_read(int n_arguments, char **arguments, const cli_list *models, const cli_list *upstreams,
                    ockham_serve_file **file, unsigned *n_of_file) {
  *file = NULL;
  int code = read_configuration(n_arguments, arguments, file);
  if (code) return code;
  *n_of_file = ockham_serve_file_look(*file)->n_models;
  code = add_models(n_arguments, arguments, models, upstreams, *file);
  if (!code) return EXIT_DONE;
  ockham_serve_file_free(*file);
  *file = NULL;
  return code;
}
