/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef OCK_HAVE_SQLITE

#include "ablate/journal_rows.h"
#include "data/internal.h"
#include "data/sql.h"

enum { BUSY_MS = 10000, APPLICATION = 0x4f634162, FORMAT = 2 };

struct ockham_journal {
  const ockham_study *study;
  char *path, *folder;
  ock_sql sql;
  ock_journal_rows rows;
  uint64_t next_id;
  char *first_text; /* the study when it was new */
  int lock;         /* -1: not held */
  bool is_read_only;
};

static const char schema[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, purpose TEXT NOT NULL, scale TEXT NOT NULL,"
    " levels TEXT NOT NULL, seed TEXT NOT NULL, rate REAL NOT NULL, outcome TEXT NOT NULL, loss REAL, flops REAL,"
    " parameters REAL, tokens REAL, seconds REAL, slope REAL, cpu_seconds REAL, why TEXT, command TEXT,"
    " command_hash TEXT, code TEXT, log TEXT, began TEXT, ended TEXT, sum TEXT NOT NULL);"
    "CREATE TABLE metric (run INTEGER NOT NULL, name TEXT NOT NULL, value REAL, PRIMARY KEY (run, name));"
    "CREATE TABLE curve (run INTEGER NOT NULL, point INTEGER NOT NULL, compute REAL, loss REAL,"
    " PRIMARY KEY (run, point));";

/* ---- the study that it belongs to ---- */

static ockham_status put_meta(ockham_journal *j, const char *name, const char *value, ockham_error *err) {
  sqlite3_stmt *statement;
  OCK_TRY(ock_sql_prepare(&j->sql, "INSERT OR REPLACE INTO meta VALUES (?, ?)", &statement, err));
  ock_sql_bind_text(statement, 1, name);
  ock_sql_bind_text(statement, 2, value);
  return ock_sql_finish(&j->sql, statement, err);
}

/* *value is NULL when there is none. */
static ockham_status get_meta(const ockham_journal *j, const char *name, char **value, ockham_error *err) {
  sqlite3_stmt *statement;
  *value = NULL;
  OCK_TRY(ock_sql_prepare(&j->sql, "SELECT value FROM meta WHERE name = ?", &statement, err));
  ock_sql_bind_text(statement, 1, name);
  bool found;
  ockham_status status = ock_sql_step(&j->sql, statement, &found, err);
  if (found) *value = ock_string_copy(ock_sql_text(statement, 0));
  sqlite3_finalize(statement);
  return found && !*value ? ock_fail_memory(err, "the journal", 0) : status;
}

static ockham_status create(ockham_journal *j, const char *text, ockham_error *err) {
  char pragma[96];
  snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION, FORMAT);
  OCK_TRY(ock_sql_run(&j->sql, "BEGIN IMMEDIATE", "cannot be made", err));
  ockham_status status = ock_sql_run(&j->sql, schema, "cannot be made", err);
  if (!status) status = ock_sql_run(&j->sql, pragma, "cannot be made", err);
  if (!status) status = put_meta(j, "study", text, err);
  if (!status) status = put_meta(j, "first study", text, err);
  if (!status) return ock_sql_run(&j->sql, "COMMIT", "cannot be made", err);
  sqlite3_exec(j->sql.database, "ROLLBACK", NULL, NULL, NULL);
  return status;
}

/* What it was is kept until a run has ended: until then a study is not settled. */
static ockham_status renew(ockham_journal *j, const char *text, ockham_error *err) {
  int64_t n = 0;
  OCK_TRY(ock_sql_number(&j->sql, "SELECT count(*) FROM run", &n, err));
  if (n == 0) OCK_TRY(put_meta(j, "first study", text, err));
  return put_meta(j, "study", text, err);
}

static ockham_status compare(ockham_journal *j, const char *text, ockham_error *err) {
  char *before;
  int64_t n = 0;
  OCK_TRY(get_meta(j, "study", &before, err));
  if (before && strcmp(before, text) == 0) {
    ock_free(before);
    return OCKHAM_OK;
  }
  ockham_status status = ock_sql_number(&j->sql, "SELECT count(*) FROM run", &n, err);
  if (!status && n > 0 && before) status = ock_study_compare(j->study, before, j->path, err);
  ock_free(before);
  return status || j->is_read_only ? status : renew(j, text, err);
}

static ockham_status check_format(ockham_journal *j, bool *is_new, ockham_error *err) {
  int64_t application = 0, format = 0, n_tables = 0;
  OCK_TRY(ock_sql_number(&j->sql, "PRAGMA application_id", &application, err));
  OCK_TRY(ock_sql_number(&j->sql, "PRAGMA user_version", &format, err));
  OCK_TRY(ock_sql_number(&j->sql, "SELECT count(*) FROM sqlite_master", &n_tables, err));
  *is_new = n_tables == 0;
  if (!*is_new && application != APPLICATION)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a journal of `ockham ablate`, found another database",
                    ock_show(j->path).text);
  if (!*is_new && format != FORMAT)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a journal of format %d, found %d of %s version",
                    ock_show(j->path).text, FORMAT, (int)format, format > FORMAT ? "a later" : "an earlier");
  return OCKHAM_OK;
}

/* ---- rows ---- */

static ockham_status keep(ockham_journal *j, const ockham_run *run, const char *key, ockham_error *err) {
  OCK_TRY(ock_journal_rows_keep(&j->rows, run, key, err));
  if (run->id >= j->next_id) j->next_id = run->id + 1;
  return OCKHAM_OK;
}

/* Of all that is loaded of a run, as text, so that it is the same on every machine: what SQLite reads from a damaged
 * page need not look damaged. The key has levels, scale and seed. */
static void put_sum(const ockham_run *run, const char *key, char text[17]) {
  const char *words[] = {key, ock_purpose_words[run->purpose], ock_outcome_words[run->outcome]};
  const double numbers[] = {(double)run->id, run->rate,   run->loss,    run->flops,
                            run->parameters, run->tokens, run->seconds, run->slope};
  uint64_t sum = OCK_FNV1A_START;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) sum = ock_fnv1a(sum, words[i], strlen(words[i]) + 1);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char digits[32];
    size_t n = ock_number_format(numbers[i] == 0 ? 0 : numbers[i], digits); /* SQLite has no -0 */
    sum = ock_fnv1a(sum, digits, n + 1);
  }
  snprintf(text, 17, "%016" PRIx64, sum);
}

/* "a=x b=y" into levels; false where a word is none of the study's. */
static bool read_levels(const ockham_study *study, const char *text, uint8_t *levels) {
  for (size_t f = 0; f < study->n_factors; f++) {
    size_t length = strcspn(text, " "), name = strlen(study->factors[f].name);
    if (length <= name || strncmp(text, study->factors[f].name, name) != 0 || text[name] != '=') return false;
    size_t level = ock_level_find(&study->factors[f], text + name + 1, length - name - 1);
    if (level == SIZE_MAX) return false;
    levels[f] = (uint8_t)level;
    text += length + (text[length] == ' ');
  }
  return *text == '\0';
}

/* It is what was written, and its key is its own. */
static ockham_status check_sum(const ockham_journal *j, const ockham_run *run, sqlite3_stmt *row, ockham_error *err) {
  char sum[17];
  ock_line key = {0};
  ock_run_key(j->study, run, &key);
  put_sum(run, key.failed ? "" : key.bytes, sum);
  bool is_whole =
      !key.failed && strcmp(key.bytes, ock_sql_text(row, 1)) == 0 && strcmp(sum, ock_sql_text(row, 14)) == 0;
  bool failed = key.failed;
  ock_free(key.bytes);
  if (failed) return ock_fail_memory(err, "a run", 0);
  if (is_whole) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_FILE,
                  "%s: damaged: run %" PRIu64
                  " is not as it was written; sqlite3's \"DELETE FROM run WHERE id = %" PRIu64 "\" saves the others",
                  ock_show(j->path).text, run->id, run->id);
}

static ockham_status load_row(ockham_journal *j, sqlite3_stmt *row, ockham_error *err) {
  uint8_t levels[OCK_MOST_FACTORS];
  size_t purpose = ock_word_find(ock_purpose_words, ock_sql_text(row, 2));
  size_t outcome = ock_word_find(ock_outcome_words, ock_sql_text(row, 7));
  size_t scale = ock_scale_find(j->study, ock_sql_text(row, 3));
  if (purpose == OCKHAM_N_PURPOSES || outcome == OCKHAM_N_OUTCOMES || scale == SIZE_MAX ||
      !read_levels(j->study, ock_sql_text(row, 4), levels))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected runs of this study, found '%s' in run %" PRId64,
                    ock_show(j->path).text, ock_show(ock_sql_text(row, 1)).text, (int64_t)sqlite3_column_int64(row, 0));
  ockham_run run = {.id = (uint64_t)sqlite3_column_int64(row, 0),
                    .purpose = (ockham_purpose)purpose,
                    .scale = scale,
                    .levels = levels,
                    .seed = strtoull(ock_sql_text(row, 5), NULL, 10),
                    .rate = ock_sql_real(row, 6),
                    .outcome = (ockham_outcome)outcome,
                    .loss = ock_sql_real(row, 8),
                    .flops = ock_sql_real(row, 9),
                    .parameters = ock_sql_real(row, 10),
                    .tokens = ock_sql_real(row, 11),
                    .seconds = ock_sql_real(row, 12),
                    .slope = ock_sql_real(row, 13)};
  OCK_TRY(check_sum(j, &run, row, err));
  return keep(j, &run, ock_sql_text(row, 1), err);
}

static ockham_status load(ockham_journal *j, ockham_error *err) {
  sqlite3_stmt *statement;
  ock_journal_rows_empty(&j->rows);
  j->next_id = 1;
  OCK_TRY(
      ock_sql_prepare(&j->sql,
                      "SELECT id, key, purpose, scale, levels, seed, rate, outcome, loss, flops, parameters, tokens, "
                      "seconds, slope, sum FROM run ORDER BY id",
                      &statement, err));
  ockham_status status;
  bool row;
  while (!(status = ock_sql_step(&j->sql, statement, &row, err)) && row)
    if ((status = load_row(j, statement, err))) break;
  sqlite3_finalize(statement);
  return status;
}

/* ---- opening ---- */

static char *join(const char *a, const char *b) {
  char *text = ock_alloc_array(strlen(a) + strlen(b) + 1, 1);
  if (text) {
    strcpy(text, a);
    strcat(text, b);
  }
  return text;
}

/* There, and neither it nor what SQLite keeps beside it can be written. */
static ockham_status find_read_only(ockham_journal *j, ockham_error *err) {
  char *whole = realpath(j->path, NULL); /* of a link, what it leads to */
  if (!whole) return errno == ENOMEM ? ock_fail_memory(err, "the journal", strlen(j->path)) : OCKHAM_OK;
  char *slash = strrchr(whole, '/');
  j->is_read_only = access(whole, R_OK) == 0 && access(whole, W_OK) != 0;
  slash[slash == whole] = '\0';
  j->is_read_only = j->is_read_only || access(whole, W_OK) != 0;
  free(whole);
  return OCKHAM_OK;
}

static ockham_status open_database(ockham_journal *j, ockham_error *err) {
  j->sql = (ock_sql){.path = j->path, .name = "the journal"};
  OCK_TRY(find_read_only(j, err));
  if (j->is_read_only) return ock_sql_open_still(&j->sql, BUSY_MS, err);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  OCK_TRY(ock_sql_open(&j->sql, flags, BUSY_MS, err));
  return ock_sql_run(&j->sql, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", "cannot be opened", err);
}

static ockham_status open_study(ockham_journal *j, const char *text, ockham_error *err) {
  bool is_new;
  OCK_TRY(check_format(j, &is_new, err));
  OCK_TRY(is_new ? create(j, text, err) : compare(j, text, err));
  OCK_TRY(get_meta(j, "first study", &j->first_text, err));
  return load(j, err);
}

ockham_status ockham_journal_open(const char *path, const ockham_study *study, ockham_journal **journal,
                                  ockham_error *err) {
  *journal = NULL;
  ockham_journal *j = ock_alloc_zeroed(1, sizeof *j);
  if (!j) return ock_fail_memory(err, "the journal", sizeof *j);
  j->study = study;
  j->rows.n_factors = study->n_factors;
  j->lock = -1;
  j->path = ock_string_copy(path);
  j->folder = join(path, ".runs");
  char *text = ock_study_text(study);
  ockham_status status = j->path && j->folder && text ? OCKHAM_OK : ock_fail_memory(err, "the journal", strlen(path));
  if (!status) status = open_database(j, err);
  if (!status) status = open_study(j, text, err);
  ock_free(text);
  if (status)
    ockham_journal_free(j);
  else
    *journal = j;
  return status;
}

void ockham_journal_free(ockham_journal *j) {
  if (!j) return;
  ock_journal_unlock(j);
  ock_sql_close(&j->sql);
  ock_journal_rows_clear(&j->rows);
  ock_free(j->first_text);
  ock_free(j->folder);
  ock_free(j->path);
  ock_free(j);
}

/* ---- looking ---- */

ockham_status ockham_journal_runs(ockham_journal *j, const ockham_run **runs, size_t *n_runs, ockham_error *err) {
  (void)err;
  *runs = j->rows.runs;
  *n_runs = j->rows.n;
  return OCKHAM_OK;
}

const ockham_run *ock_journal_all(const ockham_journal *j, size_t *n) {
  *n = j ? j->rows.n : 0;
  return j ? j->rows.runs : NULL;
}

bool ockham_journal_claimed_before(const ockham_journal *j, const ockham_study_claim *claim) {
  size_t n = strlen(claim->text);
  for (const char *line = j->first_text; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
    if (strncmp(line, "claim ", 6) == 0 && strncmp(line + 6, claim->text, n) == 0 && line[6 + n] == '\n') return true;
  return false;
}

const ockham_study *ock_journal_study(const ockham_journal *j) {
  return j->study;
}

const ockham_run *ock_journal_find(const ockham_journal *j, const char *key) {
  size_t at = j ? ock_journal_rows_find(&j->rows, key) : SIZE_MAX;
  return at == SIZE_MAX ? NULL : &j->rows.runs[at];
}

uint64_t ock_journal_next_id(const ockham_journal *j) {
  return j->next_id;
}

const char *ock_journal_folder(const ockham_journal *j) {
  return j->folder;
}

/* ---- writing ---- */

static void bind_time(sqlite3_stmt *statement, int at, uint64_t ns) {
  char text[32];
  struct tm parts;
  time_t seconds = (time_t)(ns / 1000000000u);
  if (ns && gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
    ock_sql_bind_text(statement, at, text);
}

/* The run with its result. */
static ockham_run run_of(const ock_row *row) {
  ockham_run run = *row->run;
  run.rate = ock_rate_of(&run);
  run.outcome = row->result->outcome;
  run.loss = row->result->loss;
  run.flops = row->result->flops;
  run.parameters = row->result->parameters;
  run.tokens = row->result->tokens;
  run.seconds = row->result->seconds;
  run.slope = row->result->slope;
  return run;
}

static ockham_status bind_row(ockham_journal *j, sqlite3_stmt *s, const ock_row *row, ockham_error *err) {
  const ockham_run *run = row->run;
  const ock_result *r = row->result;
  char text[64];
  ock_line levels = {0};
  ock_levels_put(j->study, run->levels, &levels);
  if (levels.failed) {
    ock_free(levels.bytes);
    return ock_fail_memory(err, "a row of the journal", 0);
  }
  sqlite3_bind_int64(s, 1, (int64_t)run->id);
  ock_sql_bind_text(s, 2, row->key);
  ock_sql_bind_text(s, 3, ock_purpose_words[run->purpose]);
  ock_sql_bind_text(s, 4, j->study->scales[run->scale].name);
  ock_sql_bind_text(s, 5, levels.bytes ? levels.bytes : "");
  ock_free(levels.bytes);
  snprintf(text, sizeof text, "%" PRIu64, run->seed);
  ock_sql_bind_text(s, 6, text);
  sqlite3_bind_double(s, 7, ock_rate_of(run));
  ock_sql_bind_text(s, 8, ock_outcome_words[r->outcome]);
  const double numbers[] = {r->loss, r->flops, r->parameters, r->tokens, r->seconds, r->slope, row->cpu_seconds};
  for (int i = 0; i < 7; i++) sqlite3_bind_double(s, 9 + i, numbers[i]);
  if (r->why[0]) ock_sql_bind_text(s, 16, r->why);
  if (row->command) ock_sql_bind_text(s, 17, row->command);
  snprintf(text, sizeof text, "%016" PRIx64,
           row->command ? ock_fnv1a(OCK_FNV1A_START, row->command, strlen(row->command)) : 0);
  if (row->command) ock_sql_bind_text(s, 18, text);
  snprintf(text, sizeof text, "ockham %s (%s)", ockham_version(), ockham_instruction_set());
  ock_sql_bind_text(s, 19, text);
  if (row->log) ock_sql_bind_text(s, 20, row->log);
  bind_time(s, 21, row->began_ns);
  bind_time(s, 22, row->ended_ns);
  ockham_run written = run_of(row);
  put_sum(&written, row->key, text);
  ock_sql_bind_text(s, 23, text);
  return OCKHAM_OK;
}

static ockham_status write_row(ockham_journal *j, const ock_row *row, ockham_error *err) {
  sqlite3_stmt *statement;
  OCK_TRY(ock_sql_prepare(&j->sql, "INSERT OR REPLACE INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                          &statement, err));
  ockham_status status = bind_row(j, statement, row, err);
  if (!status) return ock_sql_finish(&j->sql, statement, err);
  sqlite3_finalize(statement);
  return status;
}

static ockham_status forget_details(ockham_journal *j, uint64_t id, ockham_error *err) {
  char sql[128];
  snprintf(sql, sizeof sql, "DELETE FROM metric WHERE run = %" PRIu64 "; DELETE FROM curve WHERE run = %" PRIu64 ";",
           id, id);
  return ock_sql_run(&j->sql, sql, "cannot be written", err);
}

static ockham_status write_metrics(ockham_journal *j, uint64_t id, const ock_metrics *metrics, ockham_error *err) {
  for (size_t i = 0; i < metrics->n; i++) {
    sqlite3_stmt *s;
    OCK_TRY(ock_sql_prepare(&j->sql, "INSERT INTO metric VALUES (?, ?, ?)", &s, err));
    sqlite3_bind_int64(s, 1, (int64_t)id);
    ock_sql_bind_text(s, 2, metrics->items[i].name);
    sqlite3_bind_double(s, 3, metrics->items[i].value);
    OCK_TRY(ock_sql_finish(&j->sql, s, err));
  }
  for (size_t i = 0; i < metrics->n_points; i++) {
    sqlite3_stmt *s;
    OCK_TRY(ock_sql_prepare(&j->sql, "INSERT INTO curve VALUES (?, ?, ?, ?)", &s, err));
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_int64(s, 2, (int64_t)i);
    sqlite3_bind_double(s, 3, metrics->points[2 * i]);
    sqlite3_bind_double(s, 4, metrics->points[2 * i + 1]);
    OCK_TRY(ock_sql_finish(&j->sql, s, err));
  }
  return OCKHAM_OK;
}

static ockham_status write_all(ockham_journal *j, const ock_row *row, ockham_error *err) {
  const ockham_run *old = ock_journal_find(j, row->key);
  if (old) OCK_TRY(forget_details(j, old->id, err));
  OCK_TRY(write_row(j, row, err));
  return row->metrics ? write_metrics(j, row->run->id, row->metrics, err) : OCKHAM_OK;
}

ockham_status ock_journal_put(ockham_journal *j, const ock_row *row, ockham_error *err) {
  OCK_TRY(ock_sql_run(&j->sql, "SAVEPOINT put", "cannot be written", err));
  ockham_status status = write_all(j, row, err);
  ockham_run run = run_of(row);
  if (!status) status = keep(j, &run, row->key, err);
  if (!status) return ock_sql_run(&j->sql, "RELEASE put", "cannot be written", err);
  sqlite3_exec(j->sql.database, "ROLLBACK TO put; RELEASE put", NULL, NULL, NULL);
  return status;
}

ockham_status ock_journal_begin(ockham_journal *j, ockham_error *err) {
  return ock_sql_run(&j->sql, "BEGIN IMMEDIATE", "cannot be written", err);
}

ockham_status ock_journal_commit(ockham_journal *j, ockham_error *err) {
  return ock_sql_run(&j->sql, "COMMIT", "cannot be written", err);
}

void ock_journal_rollback(ockham_journal *j) {
  sqlite3_exec(j->sql.database, "ROLLBACK", NULL, NULL, NULL);
  uint64_t next_id = j->next_id;
  if (load(j, NULL)) j->next_id = next_id; /* what could not be read again must not be written over */
}

/* ---- one writer ---- */

static ockham_status refuse_second(const ockham_journal *j, const char *path, ockham_error *err) {
  char owner[32] = "";
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = file >= 0 ? read(file, owner, sizeof owner - 1) : -1;
  if (file >= 0) close(file);
  owner[n > 0 ? n : 0] = '\0';
  owner[strcspn(owner, "\n")] = '\0';
  return ock_fail(err, OCKHAM_BAD_DATA, "%s: %s%s is writing to this journal; wait for it, or stop it",
                  ock_show(j->path).text, owner[0] ? "process " : "another process", owner);
}

ockham_status ock_journal_lock(ockham_journal *j, ockham_error *err) {
  if (j->lock >= 0) return OCKHAM_OK;
  if (j->is_read_only)
    return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: the journal is read-only here", ock_show(j->path).text);
  if (mkdir(j->folder, 0777) && errno != EEXIST)
    return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", ock_show(j->folder).text, strerror(errno));
  char *path = join(j->folder, "/lock");
  if (!path) return ock_fail_memory(err, "the journal", strlen(j->folder));
  ockham_status status = OCKHAM_OK;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) {
    status = ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", ock_show(path).text, strerror(errno));
  } else if (flock(file, LOCK_EX | LOCK_NB)) {
    status = refuse_second(j, path, err);
    close(file);
  } else {
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(file, 0) == 0 && write(file, text, (size_t)n) < 0) { /* only for messages */
    }
    j->lock = file;
    status = load(j, err); /* what another process wrote before */
    if (status) ock_journal_unlock(j);
  }
  ock_free(path);
  return status;
}

void ock_journal_unlock(ockham_journal *j) {
  if (j->lock >= 0) close(j->lock);
  j->lock = -1;
}

#endif
