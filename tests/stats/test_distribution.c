/* SPDX-License-Identifier: Apache-2.0 */
/* Tails of distributions against scipy 1.17 (stats.f.sf, special.betainc) and what must hold of them. */
#include "stats/internal.h"
#include "test.h"

static void tails_of_f_are_those_of_scipy(void **unused) {
  (void)unused;
  static const struct {
    double f, a, b, tail;
  } known[] = {
      {1, 1, 1, 0.5},
      {0.5, 2, 10, 0.62092132305915515},
      {3.7, 5, 40, 0.007595075412406815},
      {1.2, 1, 3, 0.35338746628869783},
      {0.01, 7, 2, 0.99999288873388481},
      {25, 3, 12, 1.8962069870910665e-05},
      {1.05, 4, 4e5, 0.37961641267106},
      {1.001, 1e5, 2e5, 0.42735924833245131},
      {60, 2, 30, 3.2768000000000028e-11},
      {1e-8, 1, 1, 0.99993633802293014},
      {2.5, 0.5, 8, 0.14577521532347787},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double tail = ock_f_tail(known[i].f, known[i].a, known[i].b);
    assert_true(fabs(tail - known[i].tail) <= 1e-9 * known[i].tail);
  }
}

static void shares_of_beta_are_those_of_scipy(void **unused) {
  (void)unused;
  static const struct {
    double x, a, b, share;
  } known[] = {
      {0.3, 2, 5, 0.57982500000000026},     {0.5, 0.5, 0.5, 0.5},
      {0.999, 30, 0.1, 0.2628106998890602}, {1e-6, 0.2, 3, 0.08328634170926992},
      {0.4, 400, 600, 0.5017170329937447},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_true(fabs(ock_beta_share(known[i].x, known[i].a, known[i].b) - known[i].share) <= 1e-11 * known[i].share);
}

static void ends_are_ends(void **unused) {
  (void)unused;
  assert_true(ock_beta_share(0, 2, 3) == 0 && ock_beta_share(1, 2, 3) == 1);
  assert_true(ock_beta_share(-1, 2, 3) == 0 && ock_beta_share(2, 2, 3) == 1);
  assert_true(isnan(ock_beta_share(NAN, 2, 3)));
  assert_true(ock_f_tail(0, 2, 3) == 1 && ock_f_tail(-1, 2, 3) == 1 && ock_f_tail(INFINITY, 2, 3) == 0);
}

/* I_x(a, b) = 1 - I_(1-x)(b, a), and it never falls. */
static void both_sides_agree(void **unused) {
  (void)unused;
  for (double a = 0.25; a < 300; a *= 3)
    for (double b = 0.5; b < 300; b *= 4) {
      double last = 0;
      for (int i = 1; i < 64; i++) {
        double x = i / 64.0, share = ock_beta_share(x, a, b);
        assert_true(fabs(share + ock_beta_share(1 - x, b, a) - 1) <= 1e-12);
        assert_true(share >= last - 1e-14);
        last = share;
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tails_of_f_are_those_of_scipy),
      cmocka_unit_test(shares_of_beta_are_those_of_scipy),
      cmocka_unit_test(ends_are_ends),
      cmocka_unit_test(both_sides_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
