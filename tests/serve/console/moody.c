/* SPDX-License-Identifier: Apache-2.0 */
/* A worker that does as the first value of a request tells it. */
#include "ockham_worker.h"

#include <signal.h>
#include <time.h>

static int answer(ockham_call *call, const ockham_tensor *x) {
  double *y = (double *)ockham_output(call, "y", "FP64", 1, x->shape, (size_t)x->shape[0] * 8);
  for (long i = 0; y && i < x->shape[0]; i++) y[i] = ((const double *)x->data)[i * 2] + 1;
  return 0;
}

static int predict(void *user, ockham_call *call) {
  int plain = user != NULL;
  const ockham_tensor *x = ockham_find(call, "x");
  int mood = x->shape[0] ? (int)((const double *)x->data)[0] : 0;
  struct timespec pause = {0, 0};
  switch (mood) {
    case 400:
      return ockham_refuse(call, plain ? "expected a currency that the rate table has, found 'XQA'"
                                       : "<img src=x onerror=\"window.injected=1\">");
    case 500:
      snprintf(call->error, sizeof call->error, "%s",
               plain ? "KeyError: no rate for the 30th of November" : "</script><script>window.injected=1</script>");
      return 500;
    case 666:
      fprintf(stderr, plain ? "interest %ld: index out of range\n" : "<b>last words</b> of process %ld\n",
              (long)getpid());
      fflush(stderr);
      signal(SIGSEGV, SIG_DFL);
      raise(SIGSEGV);
      return 1;
    case 777: /* takes as many milliseconds as the second value says */
      pause.tv_nsec = (long)(((const double *)x->data)[1] * 1e6);
      nanosleep(&pause, NULL);
      return answer(call, x);
    default:
      return answer(call, x);
  }
}

/* With an argument its texts are such as programs write, else such as must not become part of a page. */
int main(int n_arguments, char **arguments) {
  return ockham_serve(
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,2]}],"
      "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}],\"columns\":[\"a\",\"b\"]}",
      predict, n_arguments > 1 ? arguments[1] : NULL);
}
