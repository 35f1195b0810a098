/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products by OpenBLAS, which is opened when the first network is made: linking it would add more than a
 * millisecond to the start of every command. Those that oneDNN is faster at go there, where it is installed. */
#include <dlfcn.h>
#include <pthread.h>

#include "lm/dnnl.h"
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

/* ---- by oneDNN ---- */

#if defined(OCK_HAVE_DNNL) && !defined(OCK_LM_DOUBLE) && (defined(__x86_64__) || defined(__i386__))
static bool has_dnnl;

static void open_dnnl(void) {
  has_dnnl = __builtin_cpu_supports("avx512f") && ock_dnnl_open();
}

/* Measured with AVX-512 (Sapphire Rapids): large products take .65 to .95 of OpenBLAS's time, with b transposed also
 * small ones; OpenBLAS has kernels of its own for other small ones. */
static bool is_for_dnnl(bool transpose_b, size_t m, size_t n, size_t k) {
  enum { LARGE = 1 << 20, LARGE_TRANSPOSED = 1 << 15 };
  return has_dnnl && m * n * k >= (transpose_b ? LARGE_TRANSPOSED : LARGE);
}

static bool multiply_by_dnnl(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                             const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  int threads = ock_dnnl_begin();
  dnnl_status_t status =
      ock_dnnl_table.sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
                           (dnnl_dim_t)k, alpha, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
  ock_dnnl_end(threads);
  return status == dnnl_success;
}
#else
static void open_dnnl(void) {}
#define is_for_dnnl(...) false
#define multiply_by_dnnl(...) false
#endif

/* ---- by OpenBLAS ---- */

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
  open_dnnl();
}

const char *ock_lm_problem(void) {
  pthread_once(&once, open_blas);
  return problem;
}

void ock_lm_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, ock_lm_real alpha,
                    const ock_lm_real *a, size_t lda, const ock_lm_real *b, size_t ldb, ock_lm_real beta,
                    ock_lm_real *c, size_t ldc) {
  if (ock_lm_problem()) return; /* nobody has a network then */
  if (is_for_dnnl(transpose_b, m, n, k) &&
      multiply_by_dnnl(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
    return;
  gemm(ROW_MAJOR, transpose_a ? TRANSPOSED : PLAIN, transpose_b ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a,
       (int)lda, b, (int)ldb, beta, c, (int)ldc);
}
