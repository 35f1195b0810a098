/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of oneDNN 2 that are used: products of bfloat16, and of float32. The library is opened when the first
 * network is made, and never linked. */
#ifndef OCK_LM_DNNL_H
#define OCK_LM_DNNL_H

#ifdef OCK_HAVE_DNNL
#include <dnnl.h>
#include <stdbool.h>

#define OCK_DNNL_FUNCTIONS(X)    \
  X(sgemm)                       \
  X(engine_create)               \
  X(engine_destroy)              \
  X(stream_create)               \
  X(stream_destroy)              \
  X(memory_desc_init_by_strides) \
  X(matmul_desc_init)            \
  X(primitive_desc_create)       \
  X(primitive_desc_destroy)      \
  X(primitive_create)            \
  X(primitive_destroy)           \
  X(primitive_execute)           \
  X(memory_create)               \
  X(memory_destroy)              \
  X(memory_set_data_handle)

#define OCK_DNNL_MEMBER(name) __typeof__(dnnl_##name) *name;
typedef struct ock_dnnl {
  OCK_DNNL_FUNCTIONS(OCK_DNNL_MEMBER)
  /* of its OpenMP, which the caller's own loops may use */
  int (*get_threads)(void);
  void (*set_threads)(int n);
} ock_dnnl;

extern ock_dnnl ock_dnnl_table; /* once it was opened */
/* False: it is not on this machine. */
bool ock_dnnl_open(void);
/* Around a product: on one thread, whatever the caller's own loops use. */
int ock_dnnl_begin(void);
void ock_dnnl_end(int threads);
#endif

#endif
