/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products by OpenBLAS, which is opened when the first network is made: linking it would add more than a
 * millisecond to the start of every command. */
#include <dlfcn.h>
#include <pthread.h>

#include "lm/internal.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 }; /* as in CBLAS */

#ifdef OCK_LM_DOUBLE
#define GEMM "cblas_dgemm"
#else
#define GEMM "cblas_sgemm"
#endif

typedef void gemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, ock_lm_real alpha,
                           const ock_lm_real *a, int lda, const ock_lm_real *b, int ldb, ock_lm_real beta,
                           ock_lm_real *c, int ldc);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static gemm_function *gemm;
static const char *problem;

/* A function's address out of an object's: the form that POSIX gives, without the warning. */
static void find(void *library, const char *name, void *function) {
  *(void **)function = dlsym(library, name);
}

static void open_blas(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    problem = "OpenBLAS (libopenblas.so.0, Debian's libopenblas0-serial) was not found";
    return;
  }
  void (*set_threads)(int) = NULL;
  find(library, "openblas_set_num_threads", &set_threads);
  if (set_threads) set_threads(1);
  find(library, GEMM, &gemm);
  if (!gemm) problem = "this OpenBLAS has no " GEMM;
}

const char *ock_lm_problem(void) {
  pthread_once(&once, open_blas);
  return problem;
}

void ock_lm_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, ock_lm_real alpha,
                    const ock_lm_real *a, size_t lda, const ock_lm_real *b, size_t ldb, ock_lm_real beta,
                    ock_lm_real *c, size_t ldc) {
  if (ock_lm_problem()) return; /* nobody has a network then */
  gemm(ROW_MAJOR, transpose_a ? TRANSPOSED : PLAIN, transpose_b ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a,
       (int)lda, b, (int)ldb, beta, c, (int)ldc);
}
