/* SPDX-License-Identifier: Apache-2.0 */
/* A worker in C: the sum of each row.
 *
 *   cc -O2 -o sums examples/serve/sums.c     (the header is installed with Ockham; it needs no library)
 *   ockham serve --model sums=./sums */
#include <math.h>

#include <ockham/ockham_worker.h>

static int predict(void *user, ockham_call *call) {
  (void)user;
  const ockham_tensor *x = ockham_find(call, "x");
  double *y = (double *)ockham_output(call, "y", "FP64", 1, x->shape, (size_t)x->shape[0] * sizeof *y);
  const double *row = (const double *)x->data;
  if (!y) return 500;
  for (long i = 0; i < x->shape[0]; i++, row += 4) {
    y[i] = row[0] + row[1] + row[2] + row[3];
    if (!isfinite(y[i])) return ockham_refuse(call, "expected finite numbers");
  }
  return 0;
}

int main(void) {
  return ockham_serve(
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,4]}],"
      "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}],"
      "\"columns\":[\"a\",\"b\",\"c\",\"d\"]}",
      predict, NULL);
}
