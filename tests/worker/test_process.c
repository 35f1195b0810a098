/* SPDX-License-Identifier: Apache-2.0 */
/* One process and one job at a time: what it answers, and each way in which it may not. */
#include "crew_test.h"

static void test_answers(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  ock_crew *crew = start_crew(&options);
  for (int i = 0; i < 100; i++) assert_true(ask(crew, i, 1, OCK_DONE, NULL) == i + 1.75);
  ock_crew_figures figures;
  ock_crew_look(crew, &figures);
  assert_int_equal(figures.n_up, 1);
  assert_int_equal(figures.n_starts, 1);
  assert_true(figures.memory_bytes > 100000 && figures.peak_memory_bytes >= figures.memory_bytes);
  assert_true(figures.mean_service_seconds > 0);
  ock_crew_stop(crew, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
