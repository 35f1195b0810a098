/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths of a command line name the same file: what is written must be neither read nor written twice. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

/* A file that is there; or one that is not yet, by its folder and its name in it. */
typedef struct place {
  dev_t device;
  ino_t inode;
  const char *name; /* NULL: it is there */
} place;

static bool take(const char *path, const char *name, place *p) {
  struct stat info;
  if (stat(path, &info) != 0 || !(name ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode))) return false;
  *p = (place){.device = info.st_dev, .inode = info.st_ino, .name = name};
  return true;
}

/* False for what is no file: standard input and output, devices and pipes, and folders that are not there. */
static bool find_place(const char *path, place *p) {
  struct stat info;
  if (!*path || strcmp(path, "-") == 0) return false;
  if (stat(path, &info) == 0) return take(path, NULL, p);
  const char *slash = strrchr(path, '/');
  if (!slash) return take(".", path, p);
  char *folder = strndup(path, (size_t)(slash - path) + 1);
  bool found = folder && take(folder, slash + 1, p);
  free(folder);
  return found;
}

static bool same_place(const place *a, const place *b) {
  if (a->device != b->device || a->inode != b->inode || !a->name != !b->name) return false;
  return !a->name || strcmp(a->name, b->name) == 0;
}

/* The file that is read for an argument, which may go on with a part of it: file.h5:/dataset. */
static bool find_input(const char *argument, place *p) {
  if (find_place(argument, p) && !p->name) return true;
  for (const char *colon = strchr(argument, ':'); colon; colon = strchr(colon + 1, ':')) {
    char *path = strndup(argument, (size_t)(colon - argument));
    bool found = path && find_place(path, p) && !p->name;
    free(path);
    if (found) return true;
  }
  return false;
}

static bool is_read(const cli_command *command, char *const *arguments, size_t n_arguments, const place *written) {
  place input;
  for (size_t i = 0; command->reads_files && i < n_arguments; i++)
    if (find_input(arguments[i], &input) && same_place(&input, written)) return true;
  return false;
}

static bool find_output(const cli_option *option, const void *values, place *p) {
  if (option->kind != CLI_OUTPUT) return false;
  const char *path = *(const char *const *)((const char *)values + option->offset);
  return path && find_place(path, p);
}

int cli_check_files(const cli_command *command, char *const *arguments, size_t n_arguments, const void *values) {
  place written, other;
  for (const cli_option *option = command->options; option->name; option++) {
    if (!find_output(option, values, &written)) continue;
    if (is_read(command, arguments, n_arguments, &written))
      return cli_fail_usage("--%s would overwrite a file that is read", option->name);
    for (const cli_option *earlier = command->options; earlier < option; earlier++)
      if (find_output(earlier, values, &other) && same_place(&other, &written))
        return cli_fail_usage("--%s and --%s name the same file", earlier->name, option->name);
  }
  return EXIT_DONE;
}
