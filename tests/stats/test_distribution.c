/* SPDX-License-Identifier: Apache-2.0 */
/* Tails of distributions against scipy 1.17 (stats.f.sf, chi2.sf, ncx2.sf, norm.ppf; special.betainc) and what must
 * hold of them. */
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

static void tails_of_chi2_are_those_of_scipy(void **unused) {
  (void)unused;
  static const struct {
    double x, freedom, noncentrality, tail;
  } known[] = {
      {3.84, 1, 0, 0.05004352124870519},   {0.001, 1, 0, 0.9747728793699604},
      {30, 9, 0, 0.00043872177097947936},  {9, 9, 0, 0.43727418891386693},
      {250, 259, 0, 0.6445806953811496},   {400, 259, 0, 4.1599409884221964e-08},
      {700, 9, 0, 6.916357838795454e-145}, {2000, 1, 0, 0.0},
      {20, 9, 10, 0.4024998915044578},     {20, 9, 0.5, 0.025481321604780935},
      {300, 259, 80, 0.9150846223825571},  {30, 1, 900, 1.0},
      {10, 1, 25, 0.9669483348728676},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double tail = ock_chi2_tail_shifted(known[i].x, known[i].freedom, known[i].noncentrality);
    assert_true(fabs(tail - known[i].tail) <= 1e-9 * known[i].tail);
  }
}

static void quantiles_of_the_normal_are_those_of_scipy(void **unused) {
  (void)unused;
  static const struct {
    double p, z;
  } known[] = {
      {1e-300, -37.0470962993612},  {1e-10, -6.361340902404056}, {0.001, -3.090232306167813},
      {0.025, -1.9599639845400545}, {0.3, -0.5244005127080409},  {0.5, 0},
      {0.9, 1.2815515655446004},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_close(ock_normal_quantile(known[i].p), known[i].z, 1e-13);
  assert_true(isinf(ock_normal_quantile(0)) && isinf(ock_normal_quantile(1)) && isnan(ock_normal_quantile(NAN)));
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
      cmocka_unit_test(tails_of_chi2_are_those_of_scipy),
      cmocka_unit_test(quantiles_of_the_normal_are_those_of_scipy),
      cmocka_unit_test(ends_are_ends),
      cmocka_unit_test(both_sides_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
