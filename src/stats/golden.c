/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/internal.h"

/* Kiefer, Proc. AMS 4, 1953; but both values are computed at each step, where one could be kept. */
double ock_golden_section(ock_function *f, const void *arg, double low, double high, double enough) {
  const double golden = 0.6180339887498949;
  while (high - low > enough) {
    double a = high - golden * (high - low), b = low + golden * (high - low);
    if (f(arg, a) > f(arg, b))
      high = b;
    else
      low = a;
  }
  return (low + high) / 2;
}
