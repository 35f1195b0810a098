/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a file become what. */
#include <string.h>

#include "data/reader.h"

enum { LISTED_NAMES = 8 };

static void list_columns(const ock_source *source, char list[320]) {
  size_t n = 0;
  list[0] = '\0';
  for (size_t j = 0; j < source->n_columns && j < LISTED_NAMES && n + 48 < 320; j++)
    n += (size_t)snprintf(list + n, 320 - n, "%s'%.32s'", j ? ", " : "", source->names[j]);
  if (source->n_columns > LISTED_NAMES) snprintf(list + n, 320 - n, ", ...");
}

static ockham_status fail_unknown(const ock_source *source, const char *wanted, ockham_error *err) {
  char list[320];
  list_columns(source, list);
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: no column '%.64s'; it has %s", source->path, wanted, list);
}

static bool has_name(const ock_source *source, const char *wanted) {
  for (size_t j = 0; j < source->n_columns; j++)
    if (strcmp(source->names[j], wanted) == 0) return true;
  return false;
}

/* The column of that name, or else of that number. */
static ockham_status find_column(const ock_source *source, const char *wanted, bool names_only, size_t *column,
                                 ockham_error *err) {
  size_t n_found = 0;
  for (size_t j = source->n_columns; j-- > 0;) {
    if (strcmp(source->names[j], wanted) != 0) continue;
    n_found++;
    *column = j;
  }
  if (n_found == 1) return OCKHAM_OK;
  if (n_found > 1)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: %zu columns are named '%.64s'; %s", source->path, n_found, wanted,
                    names_only ? "they are found by name, so one must be renamed" : "choose by number");
  size_t number = ock_column_number(wanted);
  if (number == 0 || number > source->n_columns) return fail_unknown(source, wanted, err);
  *column = number - 1;
  return OCKHAM_OK;
}

static ockham_status choose_listed(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  ock_source *source = reader->source;
  for (size_t i = 0; i < options->n_columns; i++) {
    size_t j;
    if (options->skip_absent && !has_name(source, options->columns[i])) continue;
    OCK_TRY(find_column(source, options->columns[i], options->skip_absent, &j, err));
    if (source->role[j] == OCK_ROLE_FEATURE)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: column '%.64s' was chosen twice", source->path,
                      options->columns[i]);
    source->role[j] = OCK_ROLE_FEATURE;
    reader->column[reader->n_features++] = j;
  }
  return OCKHAM_OK;
}

static void choose_all(ockham_reader *reader) {
  ock_source *source = reader->source;
  for (size_t j = 0; j < source->n_columns; j++) {
    source->role[j] = OCK_ROLE_FEATURE;
    reader->column[j] = j;
  }
  reader->n_features = source->n_columns;
}

static ockham_status fail_both(const ockham_reader *reader, const char *column, const char *one, const char *other,
                               ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: column '%.64s' cannot hold both %s and %s", reader->source->path,
                  column, one, other);
}

static ockham_status choose_weight(ockham_reader *reader, const char *wanted, ockham_error *err) {
  ock_source *source = reader->source;
  OCK_TRY(find_column(source, wanted, false, &reader->weight_column, err));
  if (source->role[reader->weight_column] == OCK_ROLE_LABEL) return fail_both(reader, wanted, "labels", "weights", err);
  source->role[reader->weight_column] = OCK_ROLE_SKIP;
  reader->has_weight = true;
  return OCKHAM_OK;
}

static ockham_status choose_time(ockham_reader *reader, const char *wanted, ockham_error *err) {
  ock_source *source = reader->source;
  OCK_TRY(find_column(source, wanted, false, &reader->time_column, err));
  if (source->role[reader->time_column] == OCK_ROLE_LABEL) return fail_both(reader, wanted, "labels", "times", err);
  if (reader->has_weight && reader->time_column == reader->weight_column)
    return fail_both(reader, wanted, "weights", "times", err);
  source->role[reader->time_column] = OCK_ROLE_SKIP;
  reader->has_time = true;
  return OCKHAM_OK;
}

static ockham_status fail_none(const ock_source *source, const ockham_read_options *options, ockham_error *err) {
  char list[320];
  list_columns(source, list);
  return ock_fail(err, OCKHAM_BAD_DATA, "%s: has none of the %zu columns that are needed; it has %s", source->path,
                  options->n_columns, list);
}

/* Columns that are ignored, or hold labels, weights or times, are no features even where they were listed. */
static ockham_status leave_out(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  ock_source *source = reader->source;
  size_t j;
  for (size_t i = 0; i < options->n_ignore; i++) {
    OCK_TRY(find_column(source, options->ignore[i], false, &j, err));
    source->role[j] = OCK_ROLE_SKIP;
  }
  if (options->label_column) {
    OCK_TRY(find_column(source, options->label_column, false, &j, err));
    source->role[j] = OCK_ROLE_LABEL;
    reader->has_label = true;
  }
  if (options->weight_column) OCK_TRY(choose_weight(reader, options->weight_column, err));
  if (options->time_column) OCK_TRY(choose_time(reader, options->time_column, err));
  size_t n = 0;
  for (size_t k = 0; k < reader->n_features; k++)
    if (source->role[reader->column[k]] == OCK_ROLE_FEATURE) reader->column[n++] = reader->column[k];
  reader->n_features = n;
  if (reader->has_weight) source->role[reader->weight_column] = OCK_ROLE_FEATURE; /* numbers, like others */
  if (reader->has_time) source->role[reader->time_column] = source->reads_texts ? OCK_ROLE_TIME : OCK_ROLE_FEATURE;
  if (n > 0) return OCKHAM_OK;
  if (options->skip_absent) return fail_none(source, options, err);
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: none of its %zu column%s is left as a feature", source->path,
                  source->n_columns, source->n_columns == 1 ? "" : "s");
}

/* ---- texts ---- */

ockham_status ock_reader_make_category(ockham_reader *reader, size_t k, ockham_error *err) {
  ock_source *source = reader->source;
  if (!reader->texts) {
    reader->texts = ock_alloc_zeroed(source->n_columns, sizeof *reader->texts);
    if (!reader->texts) return ock_fail_memory(err, "the columns of texts", source->n_columns * sizeof *reader->texts);
    source->texts = reader->texts;
  }
  source->role[reader->column[k]] = OCK_ROLE_CATEGORY;
  return OCKHAM_OK;
}

static ockham_status choose_categories(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  for (size_t i = 0; i < options->n_category_columns; i++) {
    size_t j, k = 0;
    if (options->skip_absent && !has_name(reader->source, options->category_columns[i])) continue;
    OCK_TRY(find_column(reader->source, options->category_columns[i], options->skip_absent, &j, err));
    while (k < reader->n_features && reader->column[k] != j) k++;
    if (k == reader->n_features)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: column '%.64s' is to hold categories, but is no feature",
                      reader->source->path, options->category_columns[i]);
    OCK_TRY(ock_reader_make_category(reader, k, err));
  }
  return OCKHAM_OK;
}

/* Those that the source has found in its first rows, and leave to find others. */
static ockham_status find_categories(ockham_reader *reader, ockham_error *err) {
  ock_source *source = reader->source;
  if (!source->restart) return OCKHAM_OK; /* it holds no texts */
  reader->may_be_text = ock_alloc_zeroed(source->n_columns, sizeof *reader->may_be_text);
  if (!reader->may_be_text) return ock_fail_memory(err, "the columns", source->n_columns);
  source->find_texts = reader->may_be_text;
  for (size_t k = 0; k < reader->n_features; k++) {
    reader->may_be_text[reader->column[k]] = true;
    if (source->found_text[reader->column[k]]) OCK_TRY(ock_reader_make_category(reader, k, err));
  }
  return OCKHAM_OK;
}

/* ---- places ---- */

/* Sources give features in the order of the file. */
static ockham_status find_positions(ockham_reader *reader, ockham_error *err) {
  /* A copy is also where the reader makes categories of a source's numbers. */
  bool in_order = !reader->has_weight && !reader->has_time && !(reader->texts && !reader->source->reads_texts);
  for (size_t k = 1; k < reader->n_features; k++) in_order &= reader->column[k - 1] < reader->column[k];
  if (in_order) return OCKHAM_OK;
  const ock_source *source = reader->source;
  size_t *position_of_column = ock_alloc_array(source->n_columns, sizeof(size_t));
  reader->position = ock_alloc_array(reader->n_features, sizeof(size_t));
  if (position_of_column && reader->position) {
    size_t n = 0;
    for (size_t j = 0; j < source->n_columns; j++) {
      position_of_column[j] = n;
      n += ock_role_has_value(source->role[j]);
    }
    for (size_t k = 0; k < reader->n_features; k++) reader->position[k] = position_of_column[reader->column[k]];
    if (reader->has_weight) reader->weight_position = position_of_column[reader->weight_column];
    if (reader->has_time) reader->time_position = position_of_column[reader->time_column];
  }
  bool done = position_of_column && reader->position;
  ock_free(position_of_column);
  return done ? OCKHAM_OK : ock_fail_memory(err, "the columns", source->n_columns * sizeof(size_t));
}

ockham_status ock_reader_choose_columns(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  size_t n = reader->source->n_columns;
  reader->column = ock_alloc_array(n > options->n_columns ? n : options->n_columns, sizeof *reader->column);
  if (!reader->column) return ock_fail_memory(err, "the columns", ock_size_product(n, sizeof *reader->column));
  if (options->columns)
    OCK_TRY(choose_listed(reader, options, err));
  else
    choose_all(reader);
  OCK_TRY(leave_out(reader, options, err));
  OCK_TRY(choose_categories(reader, options, err));
  if (options->find_categories) OCK_TRY(find_categories(reader, err));
  return find_positions(reader, err);
}
