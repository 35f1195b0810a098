/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that were run elsewhere. */
#ifndef OCK_ABLATE_IMPORT_H
#define OCK_ABLATE_IMPORT_H

#include "ablate/journal.h"

/* Before a column's name that is ours whatever the study's names are. */
#define OCK_OWN_COLUMN "run:"

typedef struct ock_field {
  const char *name, *text;
} ock_field;

/* The last seed that a row of this file without one was given; key: of its cell. */
typedef struct ock_seed_given {
  char *key;
  uint64_t seed;
} ock_seed_given;

typedef struct ock_import {
  ockham_journal *journal;
  const ockham_study *study;
  const ockham_import_options *options;
  const char *path;
  uint64_t row;       /* that is being read, from 1: lines of the file */
  uint64_t first_new; /* the number of the first run that it brings */
  uint64_t n_imported;
  ock_seed_given *given;
  size_t n_given, room_given;
} ock_import;

/* Whether a path has that ending, in letters of either case. */
bool ock_ends_in(const char *path, const char *ending);

/* Columns that say what a run is and came to; others are the study's factors and settings. */
bool ock_is_own_column(const ockham_study *study, const char *name);
/* One run. BAD_DATA says in which row. */
ockham_status ock_import_run(ock_import *import, const ock_field *fields, size_t n, ockham_error *err);
void ock_import_clear(ock_import *import); /* of what rows left there */
/* From text in memory, which is changed. */
ockham_status ock_import_csv(ock_import *import, char *text, ockham_error *err);
ockham_status ock_import_lines(ock_import *import, char *text, ockham_error *err);
/* What a task of a job array printed, with lines OCKHAM that say which run it was. */
ockham_status ock_import_task(ock_import *import, const char *text, size_t size, ockham_error *err);

#endif
