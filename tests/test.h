/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with the headers it wants before it, and the project's own assertions. */
#ifndef OCK_TEST_H
#define OCK_TEST_H

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/internal.h"

/* The call succeeds; otherwise the test fails with the library's own message. */
#define assert_ok(call)                                                          \
  do {                                                                           \
    ockham_error assert_ok_error = {0};                                          \
    ockham_error *err = &assert_ok_error;                                        \
    if ((call) != OCKHAM_OK) fail_msg("%s: %s", #call, assert_ok_error.message); \
  } while (0)

/* a and b agree to a relative (and, near zero, absolute) tolerance. */
#define assert_close(a, b, tolerance)                                   \
  do {                                                                  \
    double close_a = (a), close_b = (b);                                \
    double close_scale = fmax(1.0, fmax(fabs(close_a), fabs(close_b))); \
    if (!(fabs(close_a - close_b) <= (tolerance)*close_scale))          \
      fail_msg("%s = %.17g but %s = %.17g", #a, close_a, #b, close_b);  \
  } while (0)

/* Run `body` with the 1st, 2nd, ... allocation failing until it passes without a refusal: every failing path runs. */
#define for_each_allocation_failure(n) \
  for (long n = 0, n##_done = 0; !n##_done && n < 100000; n##_done = (ock_fault_hits() == 0), ock_fault_clear(), n++)

/* A locale with a decimal comma is set; NULL: none is installed. */
static inline const char *set_decimal_comma(void) {
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
  const char *set = NULL;
  for (size_t i = 0; i < sizeof locales / sizeof *locales && !set; i++) set = setlocale(LC_ALL, locales[i]);
  return set;
}

#endif
