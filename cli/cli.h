/* SPDX-License-Identifier: Apache-2.0 */
/* cli: the command. One file a subcommand; each fills a struct from a table of options and calls the library.
 * Exit codes: 0 done, 1 the data or a file are at fault, 2 the command line is, 3 memory or the system are, 130 stopped
 * by Ctrl-C (what was found so far has been printed). Of `ockham drift` 3 is that there is drift, and 4 memory or the
 * system, of `ockham profile` as well. */
#ifndef OCKHAM_CLI_H
#define OCKHAM_CLI_H

#include <stdio.h>

#include <ockham/ockham.h>

enum {
  EXIT_DONE = 0,
  EXIT_DATA = 1,
  EXIT_USAGE = 2,
  EXIT_RESOURCES = 3,
  EXIT_DRIFT = 3,
  EXIT_DRIFT_RESOURCES = 4,
  EXIT_STOPPED = 130
};

/* ---- options: one table a command; parsing, help and defaults come from it ---- */

typedef enum cli_kind {
  CLI_FLAG,   /* bool: present or not */
  CLI_COUNT,  /* size_t, at least 1 */
  CLI_SEED,   /* uint64_t */
  CLI_REAL,   /* double, finite */
  CLI_BYTES,  /* size_t: a number of bytes, at least 1, with K, M or G for powers of 1024 */
  CLI_TEXT,   /* const char * */
  CLI_OUTPUT, /* const char *: a file that is written; neither one that is read nor that of another option */
  CLI_LIST,   /* cli_list: comma-separated, and the option may be given again */
  CLI_TEXTS,  /* cli_list: the whole argument, and the option may be given again */
  CLI_CHOICE, /* int: index into choices */
} cli_kind;

typedef struct cli_list {
  const char **items;
  size_t n;
} cli_list;

typedef struct cli_option {
  const char *name; /* without the dashes; a single letter is given with one dash */
  cli_kind kind;
  const char *argument; /* what the help calls it; NULL for flags */
  const char *help;
  size_t offset;              /* of the field in the command's struct */
  const char *const *choices; /* CLI_CHOICE: NULL-terminated */
} cli_option;

typedef struct cli_command {
  const char *name;
  const char *usage;   /* positional arguments and the like: "FILE [options]" */
  const char *summary; /* one line for the list of commands */
  const char *details; /* some lines for --help, or NULL */
  size_t min_arguments, max_arguments;
  bool reads_files;          /* the positional arguments name them */
  const cli_option *options; /* ended by an entry without a name */
  int (*run)(int n_arguments, char **arguments, const struct cli_command *command);
} cli_command;

extern const cli_command cmd_clusters, cmd_fit, cmd_mixture, cmd_predict, cmd_show, cmd_generate, cmd_criteria,
    cmd_drift, cmd_serve, cmd_requests, cmd_replay, cmd_certify, cmd_worker, cmd_profile, cmd_corpus, cmd_train,
    cmd_sample, cmd_ablate;

/* Fill *values from the command line: arguments[0 ...] become the positional arguments, *n_positional of them. Returns
 * EXIT_DONE to go on; otherwise the exit code, *stop set, after help or a line about what is wrong. */
int cli_parse(const cli_command *command, int n_arguments, char **arguments, void *values, int *n_positional,
              bool *stop);
/* EXIT_USAGE after a line when a file would be written that is read, or twice; cli_parse() asks it. */
int cli_check_files(const cli_command *command, char *const *arguments, size_t n_arguments, const void *values);
void cli_print_help(const cli_command *command);
void cli_list_free(cli_list *list);

/* Print "ockham: <message>" and return the exit code that goes with the status. */
int cli_fail(const ockham_error *error);
/* The same with the codes of `ockham drift`, for which 3 is a verdict; profile, which goes before it, has them too. */
int cli_fail_drift(const ockham_error *error);
/* An exit code of theirs, once what was printed is out: a verdict that nobody gets to read is none. */
int cli_finish_drift(int code);
/* NO_MEMORY, with what there was none for. */
ockham_status cli_no_memory(const char *what, ockham_error *err);
/* Print some bytes of a name from a file, those that could control a terminal as '?'. */
void cli_put_name(const char *name, size_t n_bytes, FILE *out);
int cli_fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- progress and Ctrl-C ---- */

/* A line on a terminal, drawn over the one before it. Zero-initialise. */
typedef struct cli_line {
  char text[160];
} cli_line;
bool cli_line_wanted(bool quiet); /* there is a terminal to draw on */
void cli_line_add(cli_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_line_add_bar(cli_line *line, double share); /* 0 to 1 */
void cli_line_draw(const cli_line *line);
void cli_line_clear(void); /* when none is there, nothing */

/* A progress bar on a terminal (unless quiet), and false from `report` once Ctrl-C was pressed. A second Ctrl-C ends
 * the process at once. */
const ockham_progress *cli_progress_start(bool quiet);
void cli_progress_end(void);
/* Of a clock that nobody sets back: differences only. */
double cli_seconds(void);
/* After cli_progress_start(): SIGTERM is like Ctrl-C. */
void cli_progress_take_sigterm(void);
/* While nothing has been computed or written, Ctrl-C need not wait for a read that does. */
void cli_interrupt_ends_at_once(bool at_once);

/* ---- reading tables: the options that clusters and fit share ---- */

typedef struct cli_input {
  cli_list columns, ignore;
  const char *label_column, *weights, *query;
  int missing, header, scale;
  const char *delimiter;
  size_t threads;
  bool quiet;
} cli_input;

extern const char *const cli_algorithm_choices[], *const cli_precision_choices[];
extern const char *const cli_missing_choices[], *const cli_header_choices[], *const cli_scale_choices[];

/* How a file is read: what predict takes as well, and (without what to do about missing cells, which count there)
 * profile. The layout of these tables is ours. */
// clang-format off
#define CLI_FILE_OPTIONS(type) \
  {"missing", CLI_CHOICE, "WAY", "missing cells: error, drop the row, or put the column's mean", \
   offsetof(type, input.missing), cli_missing_choices}, \
  CLI_READING_OPTIONS(type)

#define CLI_READING_OPTIONS(type) \
  {"header", CLI_CHOICE, "WAY", "CSV: whether the first row is a header: find, yes, no", \
   offsetof(type, input.header), cli_header_choices}, \
  {"delimiter", CLI_TEXT, "CHAR", "CSV: what stands between cells (default: found)", \
   offsetof(type, input.delimiter), NULL}, \
  {"query", CLI_TEXT, "SQL", "SQLite: the rows to use", offsetof(type, input.query), NULL}, \
  {"threads", CLI_COUNT, "N", "threads to use (default: one a core)", offsetof(type, input.threads), NULL}, \
  {"quiet", CLI_FLAG, NULL, "no progress bar and no notes", offsetof(type, input.quiet), NULL}

/* How k-means is computed. */
#define CLI_ENGINE_OPTIONS(type) \
  {"algorithm", CLI_CHOICE, "NAME", "auto, lloyd (every distance), bounds (those that matter): the same result", \
   offsetof(type, algorithm), cli_algorithm_choices}, \
  {"precision", CLI_CHOICE, "NAME", "auto (float32 where it tells rows apart, checked in float64), double", \
   offsetof(type, precision), cli_precision_choices}

/* What is done with its columns. */
#define CLI_COLUMN_OPTIONS(type) \
  CLI_CHOICE_OF_COLUMNS(type), \
  {"label-column", CLI_TEXT, "NAME", "a column of known labels: not used, but compared with", \
   offsetof(type, input.label_column), NULL}, \
  {"weights", CLI_TEXT, "NAME", "a column that says how many rows each row stands for; fractions are fine", \
   offsetof(type, input.weights), NULL}, \
  CLI_SCALE_OPTION(type)

#define CLI_CHOICE_OF_COLUMNS(type) \
  {"columns", CLI_LIST, "A,B,...", "use these columns, by name or by number from 1 (default: all)", \
   offsetof(type, input.columns), NULL}, \
  {"ignore", CLI_LIST, "A,B,...", "leave out these columns", offsetof(type, input.ignore), NULL}

#define CLI_SCALE_OPTION(type) \
  {"scale", CLI_CHOICE, "WAY", "auto: standardise when spreads differ by more than 10 to 1; none, standard, robust", \
   offsetof(type, input.scale), cli_scale_choices}
// clang-format on

/* The library's options for this input; borrowed from it. EXIT_USAGE after a line when the delimiter is not one. */
int cli_read_options(const cli_input *input, ockham_read_options *options);
void cli_input_free(cli_input *input);

/* What is wrong with data after they were read is said without a name: put the file's in front. Returns the status. */
ockham_status cli_name_file(const char *path, ockham_status status, ockham_error *err);

/* Say what a column looks as if it should not be used for. */
void cli_note_column(const char *name, bool only_numbers_rows);

/* The rows of a table in their own units, once it was scaled: a copy, or where nothing was scaled the table's. */
typedef struct cli_plain {
  ockham_rows rows;
  void *copy; /* from malloc, or NULL */
} cli_plain;

/* One cell of rows. */
static inline double cli_cell(ockham_rows x, size_t i, size_t j) {
  size_t at = i * (x.stride ? x.stride : x.n_columns) + j;
  return x.dtype == OCKHAM_FLOAT32 ? (double)((const float *)x.data)[at] : ((const double *)x.data)[at];
}

/* Read a table and scale it as asked. On success the caller frees both; and plain->copy, where plain is not NULL. It
 * holds nothing where it is of no use for a profile. */
ockham_status cli_read_scaled(const char *path, const cli_input *input, const ockham_read_options *options,
                              ockham_table **table, ockham_scaling *scaling, cli_plain *plain, ockham_error *err);

/* ---- files in passes: clusters --memory ---- */

/* A file that is read a block at a time, as often as needed. Zero-initialise. */
typedef struct cli_passes {
  ockham_reader *reader;
  ockham_row_source rows;   /* of the reader, scaled */
  ockham_overview overview; /* scaled as well */
  uint64_t n_rows_dropped;
  double *excess; /* in the first pass: what each column holds beyond the number of the row; NaN when it differs */
  bool first;
  bool reader_failed; /* its message names the file */
} cli_passes;

/* Read the file once, and scale its rows as asked. *fits says that all of it fits the memory, and is then all that is
 * set. On success, and on failure, cli_passes_close() frees what there is. */
ockham_status cli_passes_open(cli_passes *passes, const char *path, const cli_input *input,
                              const ockham_read_options *options, size_t memory_bytes,
                              const ockham_sweep_options *sweep_options, bool *fits, ockham_scaling *scaling,
                              ockham_error *err);
void cli_passes_close(cli_passes *passes);

/* One more pass: how the labels of a point of the sweep agree with those of the file. */
ockham_status cli_passes_agree(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                               size_t memory_bytes, ockham_agreement *agreement, ockham_error *err);
/* One more pass: write each row's number in the file and its label. */
ockham_status cli_passes_write_labels(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                                      const char *path, ockham_error *err);

#endif
