/* SPDX-License-Identifier: Apache-2.0 */
/* The rehearsal of rows that keep what the simulation assumes, and of rows that do not. */
#include <ockham/drift.h>

#include "../profile/example.h"

enum { N = 12000, D = 3 };

static ockham_profile_parts rehearse(ockham_profile *profile, const double *x, size_t n, size_t threads) {
  assert_ok(ockham_drift_rehearse(profile, rows_of(x, n, D), 7, threads, NULL, err));
  return *ockham_profile_look(profile);
}

static void test_independent_rows_keep_the_budget(void **state) {
  (void)state;
  blobs b = make_blobs(N, D, 2, 6, 1);
  ockham_profile *profile = profile_of_blobs(&b);
  ockham_profile_parts parts = rehearse(profile, b.x, N, 0);
  assert_int_equal(parts.n_rehearsals, 2);
  for (size_t i = 0; i < 2; i++) {
    const ockham_rehearsal *r = &parts.rehearsals[i];
    assert_true(r->asked_rows == (i ? 10000 : 1000));
    assert_true(r->low < r->achieved_rows && r->achieved_rows < r->high);
    double ratio = r->achieved_rows / r->asked_rows;
    if (ratio < .4 || ratio > 2.5) fail_msg("%g times what was asked for", ratio);
  }
  ockham_rehearsal first = parts.rehearsals[1];
  parts = rehearse(profile, b.x, N, 3);
  assert_memory_equal(&parts.rehearsals[1], &first, sizeof first);
  ockham_profile_free(profile);
  free_blobs(&b);
}

/* Rows of a wave that the profile was told have no order: neighbours are alike, and nothing corrects for it. */
static void test_what_was_not_told_is_found(void **state) {
  (void)state;
  blobs b = make_blobs(N, D, 2, 6, 1);
  for (size_t i = 0; i < N; i++) b.x[i * D + 1] += 3 * sin((double)i / 100);
  ockham_profile *profile =
      profile_with(rows_of(b.x, N, D), (ockham_profile_options){.k = 2, .centroids = b.centres, .unordered = true});
  ockham_profile_parts parts = rehearse(profile, b.x, N, 0);
  assert_true(parts.rehearsals[1].high < parts.rehearsals[1].asked_rows / 5);
  ockham_profile_free(profile);
  free_blobs(&b);
}

static void test_few_rows_are_not_rehearsed(void **state) {
  (void)state;
  blobs b = make_blobs(1999, D, 2, 6, 1);
  ockham_profile *profile = profile_of_blobs(&b);
  assert_int_equal(rehearse(profile, b.x, 1999, 0).n_rehearsals, 0);
  ockham_error error;
  assert_int_equal(ockham_drift_rehearse(profile, rows_of(b.x, 1998, D), 1, 1, NULL, &error), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_drift_rehearse(profile, rows_of(b.x, 1999, 2), 1, 1, NULL, &error), OCKHAM_BAD_ARGUMENT);
  ockham_profile_free(profile);
  free_blobs(&b);
}

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)total;
  return done < 1;
}

static void test_it_can_be_stopped(void **state) {
  (void)state;
  blobs b = make_blobs(3000, D, 2, 6, 1);
  ockham_profile *profile = profile_of_blobs(&b);
  ockham_progress progress = {.report = stop};
  ockham_error error;
  assert_int_equal(ockham_drift_rehearse(profile, rows_of(b.x, 3000, D), 1, 1, &progress, &error), OCKHAM_INTERRUPTED);
  assert_int_equal(ockham_profile_look(profile)->n_rehearsals, 0);
  ockham_profile_free(profile);
  free_blobs(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_independent_rows_keep_the_budget),
      cmocka_unit_test(test_what_was_not_told_is_found),
      cmocka_unit_test(test_few_rows_are_not_rehearsed),
      cmocka_unit_test(test_it_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
