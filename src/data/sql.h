/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of our own: SQLite's calls with our errors. (Files of others are read by sqlite.c.) */
#ifndef OCK_DATA_SQL_H
#define OCK_DATA_SQL_H

#include <sqlite3.h>

#include "core/internal.h"

typedef struct ock_sql {
  sqlite3 *database;
  const char *path; /* borrowed */
  const char *name; /* messages tell what failed of "the journal"; NULL: only what SQLite says of the path */
} ock_sql;

/* path and name are there. flags: SQLITE_OPEN_... Close it also when it could not be opened. */
ockham_status ock_sql_open(ock_sql *sql, int flags, int busy_timeout_ms, ockham_error *err);
/* For reading alone, where nothing can be written: SQLite wants to write beside a database even so. Its path
 * is there. */
ockham_status ock_sql_open_still(ock_sql *sql, int busy_timeout_ms, ockham_error *err);
void ock_sql_close(ock_sql *sql);

/* BAD_FILE: it is damaged, or a table is not there; CANNOT_WRITE; NO_MEMORY; else IO. what: "cannot be written". */
ockham_status ock_sql_fail(const ock_sql *sql, const char *what, ockham_error *err);
/* Statements whose rows nobody reads. */
ockham_status ock_sql_run(const ock_sql *sql, const char *text, const char *what, ockham_error *err);
/* *statement: NULL on failure; sqlite3_finalize() takes that, too. */
ockham_status ock_sql_prepare(const ock_sql *sql, const char *text, sqlite3_stmt **statement, ockham_error *err);
/* The next row; *row is false when there is none. */
ockham_status ock_sql_step(const ock_sql *sql, sqlite3_stmt *statement, bool *row, ockham_error *err);
/* Run a statement that writes to its end; ock_sql_finish() also frees it. */
ockham_status ock_sql_write(const ock_sql *sql, sqlite3_stmt *statement, ockham_error *err);
ockham_status ock_sql_finish(const ock_sql *sql, sqlite3_stmt *statement, ockham_error *err);
/* The whole number of a PRAGMA, a count or a maximum; 0 without a row. */
ockham_status ock_sql_number(const ock_sql *sql, const char *text, int64_t *value, ockham_error *err);

/* The text is copied; NULL is "". */
void ock_sql_bind_text(sqlite3_stmt *statement, int at, const char *text);
const char *ock_sql_text(sqlite3_stmt *statement, int at); /* "" for NULL; until the next step */
double ock_sql_real(sqlite3_stmt *statement, int at);      /* NaN for NULL; sqlite3_bind_double() makes NULL of NaN */

#endif
