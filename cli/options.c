/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines from tables: `--name value`, `--name=value`, `-k value`, flags, and positional arguments anywhere. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cli_fail(const ockham_error *error) {
  fprintf(stderr, "ockham: %s\n", error->message);
  switch (error->status) {
    case OCKHAM_BAD_ARGUMENT:
      return EXIT_USAGE;
    case OCKHAM_CANNOT_WRITE:
    case OCKHAM_NO_MEMORY:
      return EXIT_RESOURCES;
    case OCKHAM_UNSUPPORTED:
      return EXIT_RESOURCES;
    case OCKHAM_INTERRUPTED:
      return EXIT_STOPPED;
    default:
      return EXIT_DATA;
  }
}

int cli_fail_drift(const ockham_error *error) {
  int code = cli_fail(error);
  return code == EXIT_RESOURCES ? EXIT_DRIFT_RESOURCES : code;
}

int cli_finish_drift(int code) {
  bool told = code == EXIT_DONE || code == EXIT_DRIFT || code == EXIT_STOPPED;
  if (!told || (fflush(stdout) == 0 && !ferror(stdout))) return code;
  fprintf(stderr, "ockham: standard output: %s\n", strerror(errno));
  return EXIT_DRIFT_RESOURCES;
}

ockham_status cli_no_memory(const char *what, ockham_error *err) {
  *err = (ockham_error){.status = OCKHAM_NO_MEMORY};
  snprintf(err->message, sizeof err->message, "not enough memory for %s", what);
  return OCKHAM_NO_MEMORY;
}

int cli_fail_usage(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("ockham: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return EXIT_USAGE;
}

void cli_put_name(const char *name, size_t n_bytes, FILE *out) {
  for (size_t i = 0; i < n_bytes; i++) fputc(iscntrl((unsigned char)name[i]) ? '?' : name[i], out);
}

void cli_list_free(cli_list *list) {
  for (size_t i = 0; i < list->n; i++) free((char *)list->items[i]);
  free(list->items);
  *list = (cli_list){0};
}

/* ---- help ---- */

static void print_option(const cli_option *option) {
  char left[64];
  snprintf(left, sizeof left, "%s%s %s", option->name[1] ? "--" : "-", option->name,
           option->argument ? option->argument : "");
  printf("  %-24s %s\n", left, option->help);
}

void cli_print_help(const cli_command *command) {
  printf("ockham %s%s%s\n\n%s\n", command->name, command->usage[0] ? " " : "", command->usage, command->summary);
  if (command->details) printf("\n%s\n", command->details);
  printf("\n");
  for (const cli_option *option = command->options; option->name; option++) print_option(option);
}

/* ---- values ---- */

static int bad_value(const cli_option *option, const char *text, const char *expected) {
  return cli_fail_usage("%s%s must be %s, found '%s'", option->name[1] ? "--" : "-", option->name, expected, text);
}

static int set_whole(const cli_option *option, const char *text, unsigned long long least, unsigned long long most,
                     unsigned long long *value) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  if (!isdigit((unsigned char)text[0]) || *end || errno || *value < least || *value > most)
    return bad_value(option, text, least ? "a whole number of at least 1" : "a whole number");
  return EXIT_DONE;
}

/* Powers of 1024. */
static int set_bytes(const cli_option *option, const char *text, size_t *value) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10), unit = 1;
  if (*end && !end[1]) {
    static const char letters[] = "KMG";
    const char *letter = strchr(letters, toupper((unsigned char)*end));
    if (letter) {
      unit = 1024ULL << 10 * (letter - letters);
      end++;
    }
  }
  if (!isdigit((unsigned char)text[0]) || *end || errno || number == 0 || number > SIZE_MAX / unit)
    return bad_value(option, text, "a number of bytes such as 500M or 2G");
  *value = (size_t)(number * unit);
  return EXIT_DONE;
}

static int set_real(const cli_option *option, const char *text, double *value) {
  char *end;
  *value = strtod(text, &end); /* LC_NUMERIC stays "C" */
  if (end == text || *end || !isfinite(*value)) return bad_value(option, text, "a number");
  return EXIT_DONE;
}

static int set_choice(const cli_option *option, const char *text, int *value) {
  char expected[256] = "one of";
  for (int i = 0; option->choices[i]; i++) {
    if (strcmp(option->choices[i], text) == 0) {
      *value = i;
      return EXIT_DONE;
    }
    size_t used = strlen(expected);
    snprintf(expected + used, sizeof expected - used, "%s %s", i ? "," : "", option->choices[i]);
  }
  return bad_value(option, text, expected);
}

static int out_of_memory(void) {
  fputs("ockham: not enough memory for the command line\n", stderr);
  return EXIT_RESOURCES;
}

static int add_item(const char *text, size_t length, cli_list *list) {
  char *item = strndup(text, length);
  const char **items = realloc(list->items, (list->n + 1) * sizeof *items);
  if (items) list->items = items;
  if (!item || !items) {
    free(item);
    return out_of_memory();
  }
  list->items[list->n++] = item;
  return EXIT_DONE;
}

static int add_items(const char *text, cli_list *list) {
  while (*text) {
    size_t length = strcspn(text, ",");
    int failed = length ? add_item(text, length, list) : EXIT_DONE;
    if (failed) return failed;
    text += length + (text[length] == ',');
  }
  return EXIT_DONE;
}

static int set_value(const cli_option *option, const char *text, void *values) {
  void *field = (char *)values + option->offset;
  unsigned long long whole = 0;
  int failed = EXIT_DONE;
  switch (option->kind) {
    case CLI_FLAG:
      *(bool *)field = true;
      break;
    case CLI_TEXT:
    case CLI_OUTPUT:
      *(const char **)field = text;
      break;
    case CLI_LIST:
      failed =
          text[strspn(text, ",")] ? add_items(text, field) : bad_value(option, text, "names or numbers of columns");
      break;
    case CLI_TEXTS:
      failed = add_item(text, strlen(text), field);
      break;
    case CLI_REAL:
      failed = set_real(option, text, field);
      break;
    case CLI_BYTES:
      failed = set_bytes(option, text, field);
      break;
    case CLI_CHOICE:
      failed = set_choice(option, text, field);
      break;
    case CLI_COUNT:
      failed = set_whole(option, text, 1, SIZE_MAX, &whole);
      if (!failed) *(size_t *)field = (size_t)whole;
      break;
    case CLI_SEED:
      failed = set_whole(option, text, 0, UINT64_MAX, &whole);
      if (!failed) *(uint64_t *)field = whole;
      break;
  }
  return failed;
}

/* ---- parsing ---- */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Typing mistakes between a word and a name: letters put in, left out or changed (Levenshtein's distance). */
static size_t count_mistakes(const char *word, size_t length, const char *name) {
  enum { MOST = 32 };
  size_t row[MOST + 1], n = strlen(name);
  if (n > MOST) return SIZE_MAX;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 0; i < length; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < n; j++) {
      size_t change = diagonal + (word[i] != name[j]);
      diagonal = row[j + 1];
      row[j + 1] = least(change, least(row[j], diagonal) + 1);
    }
  }
  return row[n];
}

/* The option that `word` was probably meant to be: the letter itself, a long one with few mistakes, or else one that
 * starts with it; NULL when none is near. */
static const cli_option *guess_option(const cli_command *command, const char *word, size_t length) {
  const cli_option *guess = NULL;
  size_t fewest = least(length / 3, 3) + 1; /* more is another word */
  for (const cli_option *o = command->options; o->name; o++) {
    size_t n = count_mistakes(word, length, o->name);
    if (o->name[1] == '\0') {
      if (n == 0) return o;
      continue;
    }
    if (n < fewest) {
      fewest = n;
      guess = o;
    } else if (!guess && strncmp(o->name, word, least(length, 4)) == 0) {
      guess = o;
    }
  }
  return guess;
}

/* The option that `word` (without dashes, up to '=') names; NULL after a line about what was meant. */
static const cli_option *find_option(const cli_command *command, const char *word, size_t length, bool short_form) {
  for (const cli_option *o = command->options; o->name; o++) {
    bool is_short = o->name[1] == '\0';
    if (is_short == short_form && strlen(o->name) == length && strncmp(o->name, word, length) == 0) return o;
  }
  const cli_option *guess = guess_option(command, word, length);
  const char *meant = !guess ? "" : guess->name[1] ? ": is it --" : ": is it -";
  cli_fail_usage("%s has no option %s%.*s%s%s; `ockham %s --help` lists them", command->name, short_form ? "-" : "--",
                 (int)length, word, meant, guess ? guess->name : "", command->name);
  return NULL;
}

/* Take the option at arguments[*i], and its value, which may be the next word. */
static int take_option(const cli_command *command, int n, char **arguments, int *i, void *values, bool *helped) {
  bool short_form = arguments[*i][1] != '-';
  char *word = arguments[*i] + (short_form ? 1 : 2), *equals = strchr(word, '=');
  size_t length = equals ? (size_t)(equals - word) : strlen(word);
  if ((!short_form && strcmp(word, "help") == 0) || (short_form && strcmp(word, "h") == 0)) {
    cli_print_help(command);
    *helped = true;
    return EXIT_DONE;
  }
  const cli_option *option = find_option(command, word, length, short_form);
  if (!option) return EXIT_USAGE;
  if (option->kind == CLI_FLAG) {
    if (equals) return cli_fail_usage("--%s takes no value", option->name);
    return set_value(option, NULL, values);
  }
  if (equals) return set_value(option, equals + 1, values);
  if (*i + 1 >= n)
    return cli_fail_usage("%s%s needs a value: %s", short_form ? "-" : "--", option->name, option->argument);
  return set_value(option, arguments[++*i], values);
}

int cli_parse(const cli_command *command, int n_arguments, char **arguments, void *values, int *n_positional,
              bool *stop) {
  bool options_end = false;
  *n_positional = 0;
  *stop = true;
  for (int i = 0; i < n_arguments; i++) {
    const char *word = arguments[i];
    if (!options_end && strcmp(word, "--") == 0) {
      options_end = true;
    } else if (!options_end && word[0] == '-' && word[1] != '\0') {
      bool helped = false;
      int failed = take_option(command, n_arguments, arguments, &i, values, &helped);
      if (failed || helped) return failed;
    } else {
      arguments[(*n_positional)++] = arguments[i];
    }
  }
  size_t n = (size_t)*n_positional;
  if (n < command->min_arguments || n > command->max_arguments)
    return cli_fail_usage("usage: ockham %s%s%s", command->name, command->usage[0] ? " " : "", command->usage);
  int code = cli_check_files(command, arguments, n, values);
  *stop = code != EXIT_DONE;
  return code;
}
