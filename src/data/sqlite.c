/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, views and queries of SQLite files. The file is opened for reading only, and a query must be one statement
 * that writes nothing. Integers beyond 2^53 are rounded to the nearest double; text that counts as a missing cell in
 * CSV does so here, as tables are often made from CSV. */
#include "data/internal.h"

#ifndef OCK_HAVE_SQLITE

ockham_status ock_sqlite_open(const char *path, const char *part, const ockham_read_options *options,
                              ock_source **source, ockham_error *err) {
  (void)part;
  (void)options;
  *source = NULL;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: this build has no SQLite; install libsqlite3 and build again", path);
}

#else

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 1024 * 1024, BUSY_TIMEOUT_MS = 5000, SHOWN_TEXT = 40 };

typedef struct sqlite_source {
  ock_source base;
  sqlite3 *database;
  sqlite3_stmt *statement;
  bool has_label, at_end;
  size_t n_values, block_rows;
  uint64_t n_rows_read;
  double *values; /* allocated, like label, by the first call of next */
  uint32_t *label;
} sqlite_source;

/* Why SQLite failed, as one of our codes. */
static ockham_status fail_sqlite(const sqlite_source *db, const char *what, ockham_status other, ockham_error *err) {
  ockham_status status = other;
  switch (sqlite3_errcode(db->database) & 0xff) {
    case SQLITE_NOMEM:
      status = OCKHAM_NO_MEMORY;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      status = OCKHAM_BAD_FILE;
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
      status = OCKHAM_IO;
      break;
    default:
      break;
  }
  return ock_fail(err, status, "%s: %s: %s", db->base.path, what, sqlite3_errmsg(db->database));
}

/* ---- which rows ---- */

/* The tables and views of the file: how many, the first one's name (to be freed with sqlite3_free) and a list. */
typedef struct relations {
  size_t n;
  char *first;
  char list[300];
} relations;

static void add_relation(relations *found, const char *name) {
  if (found->n++ == 0) found->first = sqlite3_mprintf("%s", name);
  size_t used = strlen(found->list);
  if (used + strlen(name) + 8 < sizeof found->list)
    snprintf(found->list + used, sizeof found->list - used, "%s%s", used ? ", " : "", name);
  else if (used >= 3 && strcmp(found->list + used - 3, "...") != 0)
    snprintf(found->list + used, sizeof found->list - used, ", ...");
}

static ockham_status find_relations(sqlite_source *db, relations *found, ockham_error *err) {
  static const char sql[] =
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "
      "ORDER BY name";
  sqlite3_stmt *statement = NULL;
  *found = (relations){0};
  int code = sqlite3_prepare_v2(db->database, sql, -1, &statement, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    const char *name = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (name) add_relation(found, name);
  }
  ockham_status status = OCKHAM_OK;
  if (code != SQLITE_DONE) status = fail_sqlite(db, "SQLite cannot list its tables", OCKHAM_BAD_FILE, err);
  sqlite3_finalize(statement);
  return status;
}

static ockham_status check_relation(const sqlite_source *db, const relations *found, ockham_error *err) {
  if (found->n == 0) return ock_fail(err, OCKHAM_BAD_DATA, "%s: holds no table", db->base.path);
  if (found->n > 1)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: holds %zu tables (%s); name one as in %s:%s, or give a query",
                    db->base.path, found->n, found->list, db->base.path, found->first ? found->first : "TABLE");
  return OCKHAM_OK;
}

static ockham_status prepare_relation(sqlite_source *db, const char *name, ockham_error *err) {
  char *sql = sqlite3_mprintf("SELECT * FROM main.\"%w\"", name);
  if (!sql) return ock_fail_memory(err, "a query", strlen(name));
  int code = sqlite3_prepare_v2(db->database, sql, -1, &db->statement, NULL);
  sqlite3_free(sql);
  return code == SQLITE_OK ? OCKHAM_OK : fail_sqlite(db, "SQLite cannot read the table", OCKHAM_BAD_ARGUMENT, err);
}

static ockham_status prepare_only_relation(sqlite_source *db, ockham_error *err) {
  relations found;
  ockham_status status = find_relations(db, &found, err);
  if (!status) status = check_relation(db, &found, err);
  if (!status && !found.first) status = ock_fail_memory(err, "the name of a table", 0);
  if (!status) status = prepare_relation(db, found.first, err);
  sqlite3_free(found.first);
  return status;
}

/* True when the last failure was that this very table is not there (and not one that a view of this name needs). */
static bool relation_is_missing(const sqlite_source *db, const char *name) {
  static const char message[] = "no such table: main.";
  const char *found = sqlite3_errmsg(db->database);
  return strncmp(found, message, strlen(message)) == 0 && strcmp(found + strlen(message), name) == 0;
}

static ockham_status prepare_named_relation(sqlite_source *db, const char *name, ockham_error *err) {
  ockham_status status = prepare_relation(db, name, err);
  if (status != OCKHAM_BAD_ARGUMENT || !relation_is_missing(db, name)) return status;
  relations found;
  if (!find_relations(db, &found, NULL))
    status = ock_fail(err, status, "%s: has no table '%.100s'; it holds %s", db->base.path, name,
                      found.n ? found.list : "none");
  sqlite3_free(found.first);
  return status;
}

/* True when sql holds nothing but blanks, comments and semicolons. */
static bool is_empty_sql(sqlite_source *db, const char *sql) {
  while (*sql) {
    sqlite3_stmt *statement = NULL;
    const char *rest = sql;
    int code = sqlite3_prepare_v2(db->database, sql, -1, &statement, &rest);
    sqlite3_finalize(statement);
    if (code != SQLITE_OK || statement || rest == sql) return false;
    sql = rest;
  }
  return true;
}

static ockham_status prepare_query(sqlite_source *db, const char *query, ockham_error *err) {
  const char *rest = "";
  if (sqlite3_prepare_v2(db->database, query, -1, &db->statement, &rest) != SQLITE_OK)
    return fail_sqlite(db, "the query is wrong", OCKHAM_BAD_ARGUMENT, err);
  if (!db->statement) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: the query is empty", db->base.path);
  if (!is_empty_sql(db, rest))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: the query holds more than one statement", db->base.path);
  if (!sqlite3_stmt_readonly(db->statement) || sqlite3_column_count(db->statement) == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: the query must be a SELECT, which only reads", db->base.path);
  return OCKHAM_OK;
}

/* ---- opening and closing ---- */

static ockham_status open_database(sqlite_source *db, ockham_error *err) {
  const char *path = db->base.path;
  if (access(path, R_OK) != 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  if (sqlite3_open_v2(path, &db->database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
    return db->database ? fail_sqlite(db, "SQLite cannot open it", OCKHAM_IO, err)
                        : ock_fail_memory(err, "an SQLite file", 0);
  sqlite3_busy_timeout(db->database, BUSY_TIMEOUT_MS);
#ifdef SQLITE_DBCONFIG_TRUSTED_SCHEMA
  /* Views of an unknown file may not call functions that do more than compute. */
  sqlite3_db_config(db->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
#endif
  return OCKHAM_OK;
}

static ockham_status name_columns(sqlite_source *db, ockham_error *err) {
  size_t n_columns = (size_t)sqlite3_column_count(db->statement);
  OCK_TRY(ock_source_set_columns(&db->base, n_columns, false, err));
  for (size_t j = 0; j < n_columns; j++) {
    const char *name = sqlite3_column_name(db->statement, (int)j);
    db->base.names[j] = name ? ock_string_copy(name) : NULL;
    if (!db->base.names[j]) return ock_fail_memory(err, "a column's name", 0);
  }
  return OCKHAM_OK;
}

static ockham_status open_rows(sqlite_source *db, const char *part, const char *query, ockham_error *err) {
  if (query && part)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: give either a table (%.100s) or a query, not both", db->base.path,
                    part);
  OCK_TRY(open_database(db, err));
  if (query)
    OCK_TRY(prepare_query(db, query, err));
  else if (part)
    OCK_TRY(prepare_named_relation(db, part, err));
  else
    OCK_TRY(prepare_only_relation(db, err));
  return name_columns(db, err);
}

static void sqlite_close(ock_source *source) {
  sqlite_source *db = (sqlite_source *)source;
  sqlite3_finalize(db->statement);
  sqlite3_close(db->database);
  ock_source_clear(source);
  ock_free(db->values);
  ock_free(db->label);
  ock_free(db);
}

/* ---- blocks ---- */

static ockham_status allocate_block(sqlite_source *db, ockham_error *err) {
  for (size_t j = 0; j < db->base.n_columns; j++) {
    db->n_values += ock_role_has_value(db->base.role[j]);
    db->has_label |= db->base.role[j] == OCK_ROLE_LABEL;
  }
  db->block_rows = BLOCK_SIZE / sizeof(double) / (db->n_values + 1) + 1;
  db->values = ock_alloc_array(ock_size_product(db->block_rows, db->n_values), sizeof *db->values);
  db->label = ock_alloc_array(db->block_rows, sizeof *db->label);
  return db->values && db->label ? OCKHAM_OK : ock_fail_memory(err, "a block of rows", BLOCK_SIZE);
}

/* How much of a text to show: at most SHOWN_TEXT bytes, not cut inside a UTF-8 character. */
static int shown_length(const char *text, size_t length) {
  if (length <= SHOWN_TEXT) return (int)length;
  length = SHOWN_TEXT;
  while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
  return (int)length;
}

static ockham_status fail_time(const sqlite_source *db, int j, const char *text, size_t length, ockham_error *err) {
  unsigned long long row = db->n_rows_read + 1;
  return ock_fail_at(err, OCKHAM_BAD_DATA, row, (uint64_t)j + 1,
                     "%s: row %llu: column %d '%.80s' holds '%.*s', expected a time such as 2026-03-01T12:30:00Z, or "
                     "seconds since 1970 in the years 1 to 9999",
                     db->base.path, row, j + 1, db->base.names[j], shown_length(text, length), text);
}

static ockham_status fail_cell(const sqlite_source *db, int j, const char *what, const char *text, size_t length,
                               ockham_error *err) {
  unsigned long long row = db->n_rows_read + 1;
  const char *name = db->base.names[j];
  return ock_fail_at(
      err, OCKHAM_BAD_DATA, row, (uint64_t)j + 1,
      "%s: row %llu: column %d '%.80s' holds %s%.*s%s, expected a number; leave it out with --ignore %.80s",
      db->base.path, row, j + 1, name, what, text ? shown_length(text, length) : 0, text ? text : "", text ? "')" : "",
      name);
}

static ockham_status read_text_cell(sqlite_source *db, int j, double *value, ockham_error *err) {
  const char *text = (const char *)sqlite3_column_text(db->statement, j);
  size_t length = (size_t)sqlite3_column_bytes(db->statement, j);
  if (!text) return fail_sqlite(db, "SQLite cannot read a text", OCKHAM_BAD_FILE, err);
  if (ock_text_is_missing(text, length)) {
    *value = NAN;
    return OCKHAM_OK;
  }
  if (ock_number_parse(text, length, value)) return OCKHAM_OK;
  *value = NAN;
  return ock_source_note_text(&db->base, (size_t)j) ? OCKHAM_OK : fail_cell(db, j, "text ('", text, length, err);
}

static ockham_status read_cell(sqlite_source *db, int j, double *value, ockham_error *err) {
  switch (sqlite3_column_type(db->statement, j)) {
    case SQLITE_INTEGER:
      *value = (double)sqlite3_column_int64(db->statement, j);
      return OCKHAM_OK;
    case SQLITE_FLOAT:
      *value = sqlite3_column_double(db->statement, j);
      return OCKHAM_OK;
    case SQLITE_NULL:
      *value = NAN;
      return OCKHAM_OK;
    case SQLITE_TEXT:
      return read_text_cell(db, j, value, err);
    default:
      return fail_cell(db, j, "bytes (a BLOB)", NULL, 0, err);
  }
}

typedef struct cell_text {
  const char *text;
  size_t length;
  char digits[32];
} cell_text;

/* Any cell as text; NULL is empty. */
static ockham_status take_text(const sqlite_source *db, int j, cell_text *cell, ockham_error *err) {
  int type = sqlite3_column_type(db->statement, j);
  cell->text = "";
  cell->length = 0;
  if (type == SQLITE_FLOAT) { /* SQLite would give 15 digits, and make different numbers one text */
    cell->length = ock_number_format(sqlite3_column_double(db->statement, j), cell->digits);
    cell->text = cell->digits;
  } else if (type != SQLITE_NULL) {
    const char *text = (const char *)sqlite3_column_text(db->statement, j);
    cell->length = (size_t)sqlite3_column_bytes(db->statement, j);
    if (!text && cell->length > 0) return fail_sqlite(db, "SQLite cannot read a text", OCKHAM_BAD_FILE, err);
    if (text) cell->text = text;
  }
  return OCKHAM_OK;
}

static ockham_status read_label(const sqlite_source *db, int j, uint32_t *label, ockham_error *err) {
  cell_text cell;
  OCK_TRY(take_text(db, j, &cell, err));
  return ock_labels_intern(db->base.labels, cell.text, cell.length, label, err);
}

/* A category or a time. */
static ockham_status read_text_value(sqlite_source *db, int j, double *value, ockham_error *err) {
  cell_text cell;
  if (sqlite3_column_type(db->statement, j) == SQLITE_BLOB) return fail_cell(db, j, "bytes (a BLOB)", NULL, 0, err);
  OCK_TRY(take_text(db, j, &cell, err));
  *value = NAN;
  if (ock_text_is_missing(cell.text, cell.length)) return OCKHAM_OK;
  if (db->base.role[j] == OCK_ROLE_TIME)
    return ock_time_parse(cell.text, cell.length, value) ? OCKHAM_OK : fail_time(db, j, cell.text, cell.length, err);
  uint32_t number;
  OCK_TRY(ock_labels_intern(&db->base.texts[j], cell.text, cell.length, &number, err));
  *value = number;
  return OCKHAM_OK;
}

static ockham_status read_row(sqlite_source *db, size_t i, ockham_error *err) {
  double *value = db->values + i * db->n_values;
  for (size_t j = 0; j < db->base.n_columns; j++) {
    if (db->base.role[j] == OCK_ROLE_FEATURE) OCK_TRY(read_cell(db, (int)j, value++, err));
    if (db->base.role[j] > OCK_ROLE_FEATURE) OCK_TRY(read_text_value(db, (int)j, value++, err));
    if (db->base.role[j] == OCK_ROLE_LABEL) OCK_TRY(read_label(db, (int)j, &db->label[i], err));
  }
  db->n_rows_read++;
  return OCKHAM_OK;
}

static ockham_status sqlite_next(ock_source *source, ock_block *block, ockham_error *err) {
  sqlite_source *db = (sqlite_source *)source;
  if (!db->label) OCK_TRY(allocate_block(db, err));
  size_t n = 0;
  while (n < db->block_rows && !db->at_end) {
    int code = sqlite3_step(db->statement);
    if (code == SQLITE_DONE)
      db->at_end = true;
    else if (code != SQLITE_ROW)
      return fail_sqlite(db, "SQLite cannot read on", OCKHAM_BAD_FILE, err);
    else
      OCK_TRY(read_row(db, n++, err));
  }
  *block = (ock_block){.values = db->values, .label = db->has_label ? db->label : NULL, .n_rows = n};
  return OCKHAM_OK;
}

static ockham_status sqlite_restart(ock_source *source, ockham_error *err) {
  sqlite_source *db = (sqlite_source *)source;
  if (sqlite3_reset(db->statement) != SQLITE_OK)
    return fail_sqlite(db, "SQLite cannot read it again", OCKHAM_BAD_FILE, err);
  db->n_rows_read = 0;
  db->at_end = false;
  return OCKHAM_OK;
}

ockham_status ock_sqlite_open(const char *path, const char *part, const ockham_read_options *options,
                              ock_source **source, ockham_error *err) {
  *source = NULL;
  sqlite_source *db = ock_alloc_zeroed(1, sizeof *db);
  if (!db) return ock_fail_memory(err, "an SQLite file", sizeof *db);
  db->base = (ock_source){.path = path,
                          .dtype = OCKHAM_FLOAT64,
                          .reads_texts = true,
                          .next = sqlite_next,
                          .restart = sqlite_restart,
                          .close = sqlite_close};
  ockham_status status = open_rows(db, part, options ? options->query : NULL, err);
  if (status)
    sqlite_close(&db->base);
  else
    *source = &db->base;
  return status;
}

#endif
