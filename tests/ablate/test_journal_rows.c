/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a journal, against a list that is looked through from end to end. */
#include "ablate/journal_rows.h"
#include "test.h"

enum { N = 700, N_FACTORS = 3 };

typedef struct plain {
  char keys[N][16];
  uint64_t ids[N];
  double losses[N];
  size_t n;
} plain;

static size_t find_plain(const plain *p, const char *key) {
  size_t i = 0;
  while (i < p->n && strcmp(p->keys[i], key) != 0) i++;
  return i;
}

static void keep_both(ock_journal_rows *rows, plain *p, const char *key, uint64_t id, double loss) {
  uint8_t levels[N_FACTORS] = {(uint8_t)key[0], 1, (uint8_t)key[1]};
  ockham_run run = {.id = id, .loss = loss, .levels = levels};
  assert_ok(ock_journal_rows_keep(rows, &run, key, err));
  size_t at = find_plain(p, key);
  snprintf(p->keys[at], sizeof p->keys[at], "%s", key);
  p->ids[at] = id;
  p->losses[at] = loss;
  p->n += at == p->n;
}

static void expect_same(const ock_journal_rows *rows, const plain *p) {
  assert_int_equal(rows->n, p->n);
  for (size_t i = 1; i < rows->n; i++) assert_true(rows->runs[i - 1].id < rows->runs[i].id);
  for (size_t i = 0; i < p->n; i++) {
    size_t at = ock_journal_rows_find(rows, p->keys[i]);
    assert_true(at < rows->n);
    assert_string_equal(rows->keys[at], p->keys[i]);
    assert_int_equal(rows->runs[at].id, p->ids[i]);
    assert_true(rows->runs[at].loss == p->losses[i]);
    assert_int_equal(rows->runs[at].levels[2], p->keys[i][1]);
  }
  assert_true(ock_journal_rows_find(rows, "none") == SIZE_MAX);
}

/* Numbers that come in any order; every third run again, half of these with a number of its own. */
static void test_as_a_list(void **state) {
  (void)state;
  static plain p;
  ock_journal_rows rows = {.n_factors = N_FACTORS};
  ock_rng rng = ock_rng_make(3, 0);
  assert_true(ock_journal_rows_find(&rows, "none") == SIZE_MAX);
  for (int again = 0; again < 2; again++) {
    p.n = 0;
    for (uint64_t i = 0; i < N; i++) {
      char key[16];
      uint64_t id = 1 + i * 7919 % 5003;
      snprintf(key, sizeof key, "k%llx", (unsigned long long)(i * 40503 % 65536));
      if (p.n && i % 3 == 0) {
        size_t before = ock_rng_below(&rng, p.n);
        snprintf(key, sizeof key, "%s", p.keys[before]);
        if (i % 2) id = p.ids[before];
      }
      keep_both(&rows, &p, key, id, (double)i);
      if (i % 50 == 0) expect_same(&rows, &p);
    }
    expect_same(&rows, &p);
    ock_journal_rows_empty(&rows);
    assert_true(rows.n == 0 && ock_journal_rows_find(&rows, p.keys[0]) == SIZE_MAX);
  }
  ock_journal_rows_clear(&rows);
}

static void test_without_memory(void **state) {
  (void)state;
  static plain p;
  for_each_allocation_failure(n) {
    ock_journal_rows rows = {.n_factors = N_FACTORS};
    p.n = 0;
    ock_fault_after(n);
    for (uint64_t i = 0; i < 200; i++) {
      char key[16];
      uint8_t levels[N_FACTORS] = {0};
      snprintf(key, sizeof key, "k%llu", (unsigned long long)i);
      ockham_run run = {.id = 200 - i, .loss = (double)i, .levels = levels};
      ockham_status status = ock_journal_rows_keep(&rows, &run, key, NULL);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      if (status) break;
      p.n++;
    }
    assert_int_equal(rows.n, p.n);
    for (size_t i = 0; i < rows.n; i++) assert_true(ock_journal_rows_find(&rows, rows.keys[i]) == i);
    ock_journal_rows_clear(&rows);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_a_list), cmocka_unit_test(test_without_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
