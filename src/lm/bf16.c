/* SPDX-License-Identifier: Apache-2.0 */
#include "lm/bf16.h"

#ifdef OCK_HAVE_DNNL
#include "lm/dnnl.h"

/* ---- products, one primitive a shape ---- */

typedef struct product {
  bool transpose_a, transpose_b;
  size_t m, n, k;
  dnnl_primitive_t primitive; /* NULL: it could not be made */
  dnnl_memory_t a, b, c;
} product;

struct ock_lm_bf16 {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  size_t n_products, room;
  product *products;
};

static const ock_dnnl *const dnnl = &ock_dnnl_table;

static bool describe(dnnl_memory_desc_t *d, dnnl_data_type_t type, bool transposed, size_t rows, size_t columns) {
  dnnl_dims_t sizes = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  dnnl_dims_t strides = {transposed ? 1 : (dnnl_dim_t)columns, transposed ? (dnnl_dim_t)rows : 1};
  return dnnl->memory_desc_init_by_strides(d, 2, sizes, type, strides) == dnnl_success;
}

static bool make_primitive(ock_lm_bf16 *all, product *p) {
  dnnl_memory_desc_t a, b, c;
  dnnl_matmul_desc_t operation;
  dnnl_primitive_desc_t description = NULL;
  bool fine = describe(&a, dnnl_bf16, p->transpose_a, p->m, p->k) &&
              describe(&b, dnnl_bf16, p->transpose_b, p->k, p->n) && describe(&c, dnnl_f32, false, p->m, p->n) &&
              dnnl->matmul_desc_init(&operation, &a, &b, NULL, &c) == dnnl_success &&
              dnnl->primitive_desc_create(&description, &operation, NULL, all->engine, NULL) == dnnl_success;
  fine = fine && dnnl->primitive_create(&p->primitive, description) == dnnl_success;
  if (description) dnnl->primitive_desc_destroy(description);
  return fine && dnnl->memory_create(&p->a, &a, all->engine, DNNL_MEMORY_NONE) == dnnl_success &&
         dnnl->memory_create(&p->b, &b, all->engine, DNNL_MEMORY_NONE) == dnnl_success &&
         dnnl->memory_create(&p->c, &c, all->engine, DNNL_MEMORY_NONE) == dnnl_success;
}

static void release(product *p) {
  if (p->primitive) dnnl->primitive_destroy(p->primitive);
  if (p->a) dnnl->memory_destroy(p->a);
  if (p->b) dnnl->memory_destroy(p->b);
  if (p->c) dnnl->memory_destroy(p->c);
  p->primitive = NULL;
}

static bool is_of(const product *p, const product *wanted) {
  return p->m == wanted->m && p->n == wanted->n && p->k == wanted->k && p->transpose_a == wanted->transpose_a &&
         p->transpose_b == wanted->transpose_b;
}

static product *product_of(ock_lm_bf16 *all, product wanted) {
  for (size_t i = 0; i < all->n_products; i++)
    if (is_of(&all->products[i], &wanted)) return &all->products[i];
  if (all->n_products == all->room) {
    size_t room = 2 * all->room + 16;
    product *grown = ock_realloc_array(all->products, room, sizeof *grown);
    if (!grown) return NULL;
    all->products = grown;
    all->room = room;
  }
  product *p = &all->products[all->n_products++];
  *p = wanted;
  if (!make_primitive(all, p)) release(p);
  return p;
}

/* ---- from outside ---- */

ock_lm_bf16 *ock_lm_bf16_new(void) {
  ock_lm_bf16 *all = ock_dnnl_open() ? ock_alloc_zeroed(1, sizeof *all) : NULL;
  if (!all) return NULL;
  if (dnnl->engine_create(&all->engine, dnnl_cpu, 0) == dnnl_success &&
      dnnl->stream_create(&all->stream, all->engine, dnnl_stream_default_flags) == dnnl_success)
    return all;
  ock_lm_bf16_free(all);
  return NULL;
}

void ock_lm_bf16_free(ock_lm_bf16 *all) {
  if (!all) return;
  for (size_t i = 0; i < all->n_products; i++) release(&all->products[i]);
  if (all->stream) dnnl->stream_destroy(all->stream);
  if (all->engine) dnnl->engine_destroy(all->engine);
  ock_free(all->products);
  ock_free(all);
}

static bool run(ock_lm_bf16 *all, const product *p, void *a, void *b, void *c) {
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->c}};
  return dnnl->memory_set_data_handle(p->a, a) == dnnl_success &&
         dnnl->memory_set_data_handle(p->b, b) == dnnl_success &&
         dnnl->memory_set_data_handle(p->c, c) == dnnl_success &&
         dnnl->primitive_execute(p->primitive, all->stream, 3, arguments) == dnnl_success;
}

bool ock_lm_bf16_product(ock_lm_bf16 *all, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                         uint16_t *a, uint16_t *b, float *c) {
  int threads = ock_dnnl_begin();
  product *p =
      product_of(all, (product){.transpose_a = transpose_a, .transpose_b = transpose_b, .m = m, .n = n, .k = k});
  bool done = p && p->primitive && run(all, p, a, b, c);
  ock_dnnl_end(threads);
  return done;
}

#else /* ---- without oneDNN ---- */

ock_lm_bf16 *ock_lm_bf16_new(void) {
  return NULL;
}

void ock_lm_bf16_free(ock_lm_bf16 *products) {
  (void)products;
}

bool ock_lm_bf16_product(ock_lm_bf16 *products, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                         uint16_t *a, uint16_t *b, float *c) {
  (void)products, (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)b, (void)c;
  return false;
}
#endif
