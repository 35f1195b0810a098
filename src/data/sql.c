/* SPDX-License-Identifier: Apache-2.0 */
#include "core/internal.h"

#ifdef OCK_HAVE_SQLITE

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/sql.h"

static ockham_status status_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOMEM:
      return OCKHAM_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table that should be there is not */
      return OCKHAM_BAD_FILE;
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
      return OCKHAM_CANNOT_WRITE;
    default:
      return OCKHAM_IO;
  }
}

ockham_status ock_sql_fail(const ock_sql *sql, const char *what, ockham_error *err) {
  if (!sql->database) return ock_fail_memory(err, sql->name ? sql->name : "a database", 0);
  ockham_status status = status_of(sqlite3_errcode(sql->database));
  const char *why = sqlite3_errmsg(sql->database);
  return sql->name ? ock_fail(err, status, "%s: %s %s: %s", ock_show(sql->path).text, sql->name, what, why)
                   : ock_fail(err, status, "%s: %s", sql->path, why);
}

ockham_status ock_sql_open(ock_sql *sql, int flags, int busy_timeout_ms, ockham_error *err) {
  if (sqlite3_open_v2(sql->path, &sql->database, flags, NULL) != SQLITE_OK)
    return ock_sql_fail(sql, "cannot be opened", err);
  sqlite3_busy_timeout(sql->database, busy_timeout_ms);
  return OCKHAM_OK;
}

/* "file:///PATH?immutable=1", which opens without a lock and without shared memory; NULL: no memory. */
static char *address_of(const char *path) {
  char *address = ock_alloc_array(3 * strlen(path) + sizeof "file://?immutable=1", 1), *at = address;
  if (!address) return NULL;
  at += sprintf(at, "file://");
  for (; *path; path++) at += sprintf(at, strchr("%?#", *path) ? "%%%02X" : "%c", (unsigned char)*path);
  strcpy(at, "?immutable=1");
  return address;
}

/* A log beside it holds what is newer: then SQLite has to try by itself. */
static ockham_status has_log(const char *path, bool *has, ockham_error *err) {
  struct stat facts;
  char *log = ock_alloc_array(strlen(path) + sizeof "-wal", 1);
  if (!log) return ock_fail_memory(err, "a path", strlen(path));
  sprintf(log, "%s-wal", path);
  *has = stat(log, &facts) == 0 && facts.st_size > 0;
  ock_free(log);
  return OCKHAM_OK;
}

static ockham_status open_still(ock_sql *sql, const char *whole, int busy_timeout_ms, ockham_error *err) {
  bool has = false;
  int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
  OCK_TRY(has_log(whole, &has, err));
  if (has) return ock_sql_open(sql, flags, busy_timeout_ms, err);
  char *address = address_of(whole);
  if (!address) return ock_fail_memory(err, "a path", strlen(whole));
  int code = sqlite3_open_v2(address, &sql->database, flags | SQLITE_OPEN_URI, NULL);
  ock_free(address);
  return code == SQLITE_OK ? OCKHAM_OK : ock_sql_fail(sql, "cannot be opened", err);
}

ockham_status ock_sql_open_still(ock_sql *sql, int busy_timeout_ms, ockham_error *err) {
  char *whole = realpath(sql->path, NULL); /* SQLite's log is beside what a link leads to */
  if (!whole) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(sql->path).text, strerror(errno));
  ockham_status status = open_still(sql, whole, busy_timeout_ms, err);
  free(whole);
  return status;
}

void ock_sql_close(ock_sql *sql) {
  sqlite3_close(sql->database);
  sql->database = NULL;
}

ockham_status ock_sql_run(const ock_sql *sql, const char *text, const char *what, ockham_error *err) {
  return sqlite3_exec(sql->database, text, NULL, NULL, NULL) == SQLITE_OK ? OCKHAM_OK : ock_sql_fail(sql, what, err);
}

ockham_status ock_sql_prepare(const ock_sql *sql, const char *text, sqlite3_stmt **statement, ockham_error *err) {
  *statement = NULL;
  return sqlite3_prepare_v2(sql->database, text, -1, statement, NULL) == SQLITE_OK
             ? OCKHAM_OK
             : ock_sql_fail(sql, "is damaged", err);
}

ockham_status ock_sql_step(const ock_sql *sql, sqlite3_stmt *statement, bool *row, ockham_error *err) {
  int code = sqlite3_step(statement);
  *row = code == SQLITE_ROW;
  return *row || code == SQLITE_DONE ? OCKHAM_OK : ock_sql_fail(sql, "cannot be read", err);
}

ockham_status ock_sql_write(const ock_sql *sql, sqlite3_stmt *statement, ockham_error *err) {
  return sqlite3_step(statement) == SQLITE_DONE ? OCKHAM_OK : ock_sql_fail(sql, "cannot be written", err);
}

ockham_status ock_sql_finish(const ock_sql *sql, sqlite3_stmt *statement, ockham_error *err) {
  ockham_status status = ock_sql_write(sql, statement, err);
  sqlite3_finalize(statement);
  return status;
}

ockham_status ock_sql_number(const ock_sql *sql, const char *text, int64_t *value, ockham_error *err) {
  sqlite3_stmt *statement;
  bool row;
  *value = 0;
  OCK_TRY(ock_sql_prepare(sql, text, &statement, err));
  ockham_status status = ock_sql_step(sql, statement, &row, err);
  if (row) *value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return status;
}

void ock_sql_bind_text(sqlite3_stmt *statement, int at, const char *text) {
  sqlite3_bind_text(statement, at, text ? text : "", -1, SQLITE_TRANSIENT);
}

const char *ock_sql_text(sqlite3_stmt *statement, int at) {
  const char *text = (const char *)sqlite3_column_text(statement, at);
  return text ? text : "";
}

double ock_sql_real(sqlite3_stmt *statement, int at) {
  return sqlite3_column_type(statement, at) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, at);
}

#endif
