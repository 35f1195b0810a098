/* SPDX-License-Identifier: Apache-2.0 */
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/sql.h"

enum { APPLICATION = 0x4f434b48, BUSY_TIMEOUT_MS = 2000 }; /* "OCKH" */

/* The schema: step i brings a database from version i to version i + 1. Tables to come (experiments) are steps
 * at the end; what is here never changes. */
static const char *const steps[] = {
    "CREATE TABLE segments (first_number INTEGER PRIMARY KEY, last_number INTEGER NOT NULL, file TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, n_requests INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL,"
    " most_total_ns INTEGER NOT NULL, n_other INTEGER NOT NULL, n_1xx INTEGER NOT NULL, n_2xx INTEGER NOT NULL,"
    " n_3xx INTEGER NOT NULL, n_4xx INTEGER NOT NULL, n_5xx INTEGER NOT NULL, marks INTEGER NOT NULL,"
    " models TEXT NOT NULL);"
    "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL, kind TEXT NOT NULL,"
    " model TEXT NOT NULL, version TEXT NOT NULL, text TEXT NOT NULL, details TEXT NOT NULL);"
    "CREATE INDEX events_kind ON events (kind, number);",
    "CREATE TABLE outcomes (number INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL,"
    " received_ns INTEGER NOT NULL, id TEXT NOT NULL, request INTEGER NOT NULL, model TEXT NOT NULL,"
    " version TEXT NOT NULL, predicted TEXT NOT NULL, actual TEXT NOT NULL, error REAL);"
    "CREATE INDEX outcomes_model ON outcomes (model, version, number);",
};
enum { NEWEST_SCHEMA = sizeof steps / sizeof *steps };

struct ock_store {
  ock_sql sql;
  char *path;
};

/* ---- statements ---- */

static ockham_status execute(ock_store *store, const char *sql, ockham_error *err) {
  return ock_sql_run(&store->sql, sql, "cannot be written", err);
}

static void bind_number(sqlite3_stmt *statement, int i, uint64_t value) {
  sqlite3_bind_int64(statement, i, (sqlite3_int64)value);
}

static uint64_t column_number(sqlite3_stmt *statement, int i) {
  return (uint64_t)sqlite3_column_int64(statement, i);
}

/* ---- opening ---- */

static ockham_status bring_up_to_date(ock_store *store, ockham_error *err) {
  int64_t version;
  OCK_TRY(ock_sql_number(&store->sql, "PRAGMA user_version", &version, err));
  if (version < 0 || version > NEWEST_SCHEMA)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: expected schema %d or earlier, found %llu: it is from a later Ockham",
                    store->path, NEWEST_SCHEMA, (unsigned long long)version);
  for (; version < NEWEST_SCHEMA; version++) {
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %llu; PRAGMA application_id = %d", (unsigned long long)version + 1,
             APPLICATION);
    ockham_status status = ock_store_begin(store, err);
    if (!status) status = execute(store, steps[version], err);
    if (!status) status = execute(store, sql, err);
    if (!status) status = ock_store_commit(store, err);
    if (status) {
      ock_store_rollback(store);
      return status;
    }
  }
  return OCKHAM_OK;
}

/* Commits of events shall outlive the machine: they are few. */
static ockham_status set_up(ock_store *store, ockham_error *err) {
  OCK_TRY(execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256", err));
  return bring_up_to_date(store, err);
}

static ockham_status check_schema(ock_store *store, ockham_error *err) {
  int64_t version;
  OCK_TRY(ock_sql_number(&store->sql, "PRAGMA user_version", &version, err));
  if (version > 0 && version <= NEWEST_SCHEMA) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: expected schema 1 to %d, found %llu", store->path, NEWEST_SCHEMA,
                  (unsigned long long)version);
}

/* SQLite would let the umask decide who may read it. */
static ockham_status make_private(const char *path, ockham_error *err) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", path, strerror(errno));
  close(fd);
  return OCKHAM_OK;
}

static ockham_status open_database(ock_store *store, bool write, ockham_error *err) {
  int flags = SQLITE_OPEN_NOMUTEX | (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  if (write) OCK_TRY(make_private(store->path, err));
  store->sql.path = store->path;
  OCK_TRY(ock_sql_open(&store->sql, flags, BUSY_TIMEOUT_MS, err));
  return write ? set_up(store, err) : check_schema(store, err);
}

ockham_status ock_store_open(const char *folder, bool write, ock_store **store, bool *found, ockham_error *err) {
  size_t size = strlen(folder) + sizeof "/ockham.db";
  ock_store *opened = ock_alloc_zeroed(1, sizeof *opened);
  char *path = ock_alloc(size);
  *store = NULL;
  *found = false;
  if (!opened || !path) {
    ock_free(opened);
    ock_free(path);
    return ock_fail_memory(err, "the metadata of a recording", size);
  }
  snprintf(path, size, "%s/ockham.db", folder);
  opened->path = path;
  *found = write || access(path, F_OK) == 0;
  ockham_status status = *found ? open_database(opened, write, err) : OCKHAM_OK;
  if (status || !*found)
    ock_store_close(opened);
  else
    *store = opened;
  return status;
}

void ock_store_close(ock_store *store) {
  if (!store) return;
  ock_sql_close(&store->sql);
  ock_free(store->path);
  ock_free(store);
}

ockham_status ock_store_begin(ock_store *store, ockham_error *err) {
  return execute(store, "BEGIN IMMEDIATE", err);
}

ockham_status ock_store_commit(ock_store *store, ockham_error *err) {
  return execute(store, "COMMIT", err);
}

void ock_store_rollback(ock_store *store) {
  if (!sqlite3_get_autocommit(store->sql.database)) sqlite3_exec(store->sql.database, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- segments ---- */

ockham_status ock_store_put_segment(ock_store *store, const ock_facts *f, ockham_error *err) {
  sqlite3_stmt *s = NULL;
  char name[OCK_SEGMENT_NAME];
  OCK_TRY(ock_sql_prepare(&store->sql, "INSERT OR REPLACE INTO segments VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &s,
                          err));
  ock_segment_name(f->first_number, name);
  const uint64_t numbers[] = {f->bytes, f->n_requests, f->first_ns, f->last_ns, f->most_total_ns};
  bind_number(s, 1, f->first_number);
  bind_number(s, 2, f->last_number);
  ock_sql_bind_text(s, 3, name);
  for (int i = 0; i < 5; i++) bind_number(s, 4 + i, numbers[i]);
  for (int i = 0; i < OCK_FACTS_CLASSES; i++) bind_number(s, 9 + i, f->n_by_class[i]);
  bind_number(s, 15, f->marks);
  ock_sql_bind_text(s, 16, f->models);
  return ock_sql_finish(&store->sql, s, err);
}

ockham_status ock_store_remove_segment(ock_store *store, uint64_t first_number, ockham_error *err) {
  sqlite3_stmt *s = NULL;
  OCK_TRY(ock_sql_prepare(&store->sql, "DELETE FROM segments WHERE first_number = ?", &s, err));
  bind_number(s, 1, first_number);
  return ock_sql_finish(&store->sql, s, err);
}

static void read_facts(sqlite3_stmt *s, ock_facts *f) {
  uint64_t *const numbers[] = {&f->bytes, &f->n_requests, &f->first_ns, &f->last_ns, &f->most_total_ns};
  const char *models = (const char *)sqlite3_column_text(s, 15);
  f->first_number = column_number(s, 0);
  f->last_number = column_number(s, 1);
  for (int i = 0; i < 5; i++) *numbers[i] = column_number(s, 3 + i);
  for (int i = 0; i < OCK_FACTS_CLASSES; i++) f->n_by_class[i] = column_number(s, 8 + i);
  f->marks = (uint32_t)column_number(s, 14);
  bool fits = models && strlen(models) < sizeof f->models;
  strcpy(f->models, fits ? models : "*");
}

ockham_status ock_store_get_segment(ock_store *store, uint64_t first_number, ock_facts *facts, bool *found,
                                    ockham_error *err) {
  sqlite3_stmt *s = NULL;
  *found = false;
  OCK_TRY(ock_sql_prepare(&store->sql, "SELECT * FROM segments WHERE first_number = ?", &s, err));
  bind_number(s, 1, first_number);
  ockham_status status = ock_sql_step(&store->sql, s, found, err);
  if (*found) read_facts(s, facts);
  sqlite3_finalize(s);
  return status;
}

ockham_status ock_store_last_number(ock_store *store, uint64_t *number, ockham_error *err) {
  int64_t last;
  OCK_TRY(ock_sql_number(&store->sql, "SELECT max(last_number) FROM segments", &last, err));
  *number = (uint64_t)last;
  return OCKHAM_OK;
}

/* ---- events ---- */

ockham_status ock_store_put_event(ock_store *store, const ockham_event *event, ockham_error *err) {
  static const char sql[] =
      "INSERT INTO events (time_ns, kind, model, version, text, details) VALUES (?, ?, ?, ?, ?, ?)";
  const char *const texts[] = {event->kind, event->model, event->version, event->text, event->details};
  sqlite3_stmt *s = NULL;
  OCK_TRY(ock_sql_prepare(&store->sql, sql, &s, err));
  bind_number(s, 1, event->time_ns);
  for (int i = 0; i < 5; i++) ock_sql_bind_text(s, 2 + i, texts[i]);
  return ock_sql_finish(&store->sql, s, err);
}

/* The five texts of a row, one behind the other in one block. */
static ockham_status copy_event(sqlite3_stmt *s, ockham_event *event, char **room, ockham_error *err) {
  const char **const texts[] = {&event->kind, &event->model, &event->version, &event->text, &event->details};
  size_t size = 0;
  for (int i = 0; i < 5; i++) size += (size_t)sqlite3_column_bytes(s, 2 + i) + 1;
  char *at = *room = ock_alloc(size);
  if (!at) return ock_fail_memory(err, "an event of a recording", size);
  event->number = column_number(s, 0);
  event->time_ns = column_number(s, 1);
  for (int i = 0; i < 5; i++) {
    size_t length = (size_t)sqlite3_column_bytes(s, 2 + i);
    if (length) memcpy(at, sqlite3_column_text(s, 2 + i), length);
    at[length] = '\0';
    *texts[i] = at;
    at += length + 1;
  }
  return OCKHAM_OK;
}

ockham_status ock_store_get_event(ock_store *store, uint64_t after_number, const char *kind, ockham_event *event,
                                  char **room, bool *found, ockham_error *err) {
  static const char sql[] =
      "SELECT number, time_ns, kind, model, version, text, details FROM events"
      " WHERE number > ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY number LIMIT 1";
  sqlite3_stmt *s = NULL;
  *found = false;
  *room = NULL;
  OCK_TRY(ock_sql_prepare(&store->sql, sql, &s, err));
  bind_number(s, 1, after_number);
  if (kind) ock_sql_bind_text(s, 2, kind);
  ockham_status status = ock_sql_step(&store->sql, s, found, err);
  if (*found) status = copy_event(s, event, room, err);
  if (status) *found = false;
  sqlite3_finalize(s);
  return status;
}

ockham_status ock_store_trim_events(ock_store *store, uint64_t before_ns, uint64_t most_bytes, ockham_error *err) {
  static const char by_size[] =
      "DELETE FROM events WHERE number <= (SELECT number FROM (SELECT number, sum(100 + length(text) + length(details))"
      " OVER (ORDER BY number DESC) AS bytes FROM events) WHERE bytes > ? ORDER BY number DESC LIMIT 1)";
  sqlite3_stmt *s = NULL;
  OCK_TRY(ock_sql_prepare(&store->sql, "DELETE FROM events WHERE time_ns < ?", &s, err));
  bind_number(s, 1, before_ns);
  OCK_TRY(ock_sql_finish(&store->sql, s, err));
  OCK_TRY(ock_sql_prepare(&store->sql, by_size, &s, err));
  bind_number(s, 1, most_bytes);
  return ock_sql_finish(&store->sql, s, err);
}

/* ---- outcomes ---- */

static ockham_status put_outcome(ock_store *store, sqlite3_stmt *s, const ock_truth *o, ockham_error *err) {
  const char *const texts[] = {o->model, o->version, o->predicted, o->actual};
  bind_number(s, 1, o->time_ns);
  bind_number(s, 2, o->received_ns);
  ock_sql_bind_text(s, 3, o->id);
  bind_number(s, 4, o->request);
  for (int i = 0; i < 4; i++) ock_sql_bind_text(s, 5 + i, texts[i]);
  sqlite3_bind_double(s, 9, o->error); /* NaN becomes NULL */
  ockham_status status = ock_sql_write(&store->sql, s, err);
  sqlite3_reset(s);
  return status;
}

ockham_status ock_store_put_outcomes(ock_store *store, const ock_truth *outcomes, size_t n, ockham_error *err) {
  static const char sql[] =
      "INSERT INTO outcomes (time_ns, received_ns, id, request, model, version, predicted, actual, error)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite3_stmt *s = NULL;
  ockham_status status = ock_sql_prepare(&store->sql, sql, &s, err);
  if (!status) status = ock_store_begin(store, err);
  for (size_t i = 0; i < n && !status; i++) status = put_outcome(store, s, &outcomes[i], err);
  sqlite3_finalize(s);
  if (!status) status = ock_store_commit(store, err);
  if (status) ock_store_rollback(store);
  return status;
}

ockham_status ock_store_get_errors(ock_store *store, const char *model, const char *version, size_t most,
                                   double **errors, size_t *n, ockham_error *err) {
  static const char sql[] =
      "SELECT error FROM (SELECT number, error FROM outcomes WHERE model = ? AND version = ? AND error IS NOT NULL"
      " ORDER BY number DESC LIMIT ?) ORDER BY number";
  sqlite3_stmt *s = NULL;
  bool row = true;
  *n = 0;
  *errors = ock_alloc_array(most, sizeof **errors);
  if (!*errors) return ock_fail_memory(err, "outcomes", most * sizeof **errors);
  ockham_status status = ock_sql_prepare(&store->sql, sql, &s, err);
  ock_sql_bind_text(s, 1, model);
  ock_sql_bind_text(s, 2, version);
  bind_number(s, 3, most);
  while (!status && !(status = ock_sql_step(&store->sql, s, &row, err)) && row)
    (*errors)[(*n)++] = sqlite3_column_double(s, 0);
  sqlite3_finalize(s);
  if (!status) return OCKHAM_OK;
  ock_free(*errors);
  *errors = NULL;
  return status;
}

ockham_status ock_store_trim_outcomes(ock_store *store, uint64_t before_ns, uint64_t most, ockham_error *err) {
  static const char sql[] =
      "DELETE FROM outcomes WHERE received_ns < ?1 OR number <= (SELECT max(number) FROM outcomes) - ?2";
  sqlite3_stmt *s = NULL;
  OCK_TRY(ock_sql_prepare(&store->sql, sql, &s, err));
  bind_number(s, 1, before_ns);
  bind_number(s, 2, most);
  return ock_sql_finish(&store->sql, s, err);
}

/* ---- outcomes, by who is not the keeper ---- */

ockham_status ock_outcomes_put(const char *folder, const ock_truth *outcomes, size_t n, ockham_error *err) {
  ock_store *store;
  bool found;
  OCK_TRY(ock_store_open(folder, true, &store, &found, err));
  ockham_status status = ock_store_put_outcomes(store, outcomes, n, err);
  ock_store_close(store);
  return status;
}

ockham_status ock_outcomes_get(const char *folder, const char *model, const char *version, size_t most, double **errors,
                               size_t *n, ockham_error *err) {
  ock_store *store;
  bool found;
  *errors = NULL;
  *n = 0;
  OCK_TRY(ock_store_open(folder, false, &store, &found, err));
  if (!found) return OCKHAM_OK;
  ockham_status status = ock_store_get_errors(store, model, version, most, errors, n, err);
  ock_store_close(store);
  return status;
}
