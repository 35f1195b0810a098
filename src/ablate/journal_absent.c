/* SPDX-License-Identifier: Apache-2.0 */
/* Journals where there is no SQLite: none is opened. */
#include "ablate/journal.h"

#ifndef OCK_HAVE_SQLITE

ockham_status ockham_journal_open(const char *path, const ockham_study *study, ockham_journal **journal,
                                  ockham_error *err) {
  (void)study;
  *journal = NULL;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: this build keeps no journals; install libsqlite3 and build again",
                  ock_show(path).text);
}
void ockham_journal_free(ockham_journal *journal) {
  (void)journal;
}
ockham_status ockham_journal_runs(ockham_journal *journal, const ockham_run **runs, size_t *n_runs, ockham_error *err) {
  (void)journal;
  *runs = NULL;
  *n_runs = 0;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "this build keeps no journals");
}
bool ockham_journal_claimed_before(const ockham_journal *journal, const ockham_study_claim *claim) {
  (void)journal;
  (void)claim;
  return false;
}
const ockham_study *ock_journal_study(const ockham_journal *journal) {
  (void)journal;
  return NULL;
}
const ockham_run *ock_journal_find(const ockham_journal *journal, const char *key) {
  (void)journal;
  (void)key;
  return NULL;
}
uint64_t ock_journal_next_id(const ockham_journal *journal) {
  (void)journal;
  return 0;
}
ockham_status ock_journal_put(ockham_journal *journal, const ock_row *row, ockham_error *err) {
  (void)journal;
  (void)row;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "this build keeps no journals");
}
const ockham_run *ock_journal_all(const ockham_journal *journal, size_t *n) {
  (void)journal;
  *n = 0;
  return NULL;
}
const char *ock_journal_folder(const ockham_journal *journal) {
  (void)journal;
  return ".";
}
ockham_status ock_journal_lock(ockham_journal *journal, ockham_error *err) {
  (void)journal;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "this build keeps no journals");
}
void ock_journal_unlock(ockham_journal *journal) {
  (void)journal;
}
ockham_status ock_journal_begin(ockham_journal *journal, ockham_error *err) {
  return ock_journal_lock(journal, err);
}
ockham_status ock_journal_commit(ockham_journal *journal, ockham_error *err) {
  return ock_journal_lock(journal, err);
}
void ock_journal_rollback(ockham_journal *journal) {
  (void)journal;
}

#endif
