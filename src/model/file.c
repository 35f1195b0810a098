/* SPDX-License-Identifier: Apache-2.0 */
/* The file is a container of kind "KMNS" with the chunks below. What a chunk must hold follows from META; chunks with
 * other tags are passed over. A model with a mixture is of format 2, so that what knows format 1 only does not take its
 * means for centroids of k-means. */
#include <inttypes.h>
#include <string.h>

#include "data/internal.h"
#include "model/internal.h"

enum {
  MODEL_KIND = OCK_TAG('K', 'M', 'N', 'S'),
  VERSION_OF_CENTROIDS = 1,
  VERSION_OF_MIXTURE = 2,
  TAG_META = OCK_TAG('M', 'E', 'T', 'A'),      /* file_meta */
  TAG_NAMES = OCK_TAG('N', 'A', 'M', 'E'),     /* n_columns texts, each with its NUL */
  TAG_SCALING = OCK_TAG('S', 'C', 'A', 'L'),   /* n_columns centres, n_columns factors: float64; empty for NONE */
  TAG_CENTROIDS = OCK_TAG('C', 'E', 'N', 'T'), /* k x n_columns float64: of a mixture its means */
  TAG_SIZES = OCK_TAG('S', 'I', 'Z', 'E'),     /* k uint64 */
  TAG_WITHIN = OCK_TAG('W', 'I', 'T', 'H'),    /* k float64; format 1 only */
  TAG_WEIGHTS = OCK_TAG('W', 'G', 'H', 'T'),   /* k float64; only where rows had weights */
  TAG_CRITERION = OCK_TAG('C', 'R', 'I', 'T'), /* a text with its NUL */
  TAG_PROFILE = OCK_TAG('P', 'R', 'O', 'F'),   /* ockham_profile_encode(); only where there is one */
  /* format 2 only: */
  TAG_MIXTURE = OCK_TAG('M', 'I', 'X', 'T'),     /* file_mixture */
  TAG_PROPORTIONS = OCK_TAG('P', 'R', 'O', 'P'), /* k float64 */
  TAG_COVARIANCES = OCK_TAG('C', 'O', 'V', 'A')  /* k x ockham_covariance_size() float64 */
};

/* Little-endian like the container, which refuses to be built for another order. */
typedef struct file_meta {
  uint64_t k, n_columns, n_rows, seed;
  uint64_t scale; /* ockham_scale */
  double spread_ratio;
} file_meta;
_Static_assert(sizeof(file_meta) == 48, "META has no gaps");

typedef struct file_mixture {
  uint64_t family; /* ockham_covariance */
  uint64_t flags;  /* CONVERGED, REGULARISED */
  uint64_t n_steps;
  double tail, log_likelihood, n_parameters, bic, icl, aic, entropy;
} file_mixture;
_Static_assert(sizeof(file_mixture) == 80, "MIXT has no gaps");
enum { CONVERGED = 1, REGULARISED = 2 };

/* ---- writing ---- */

static void put_mixture(ock_container_writer *writer, const ockham_mixture *m) {
  size_t k = m->k, d = m->n_columns;
  file_mixture mixture = {.family = m->family,
                          .flags = (m->converged ? CONVERGED : 0) + (m->regularised ? REGULARISED : 0),
                          .n_steps = m->n_steps,
                          .tail = m->tail,
                          .log_likelihood = m->log_likelihood,
                          .n_parameters = m->n_parameters,
                          .bic = m->bic,
                          .icl = m->icl,
                          .aic = m->aic,
                          .entropy = m->entropy};
  ock_container_put(writer, TAG_MIXTURE, &mixture, sizeof mixture);
  ock_container_put(writer, TAG_PROPORTIONS, m->proportions, k * sizeof(double));
  ock_container_put(writer, TAG_COVARIANCES, m->covariances, k * ockham_covariance_size(m->family, d) * sizeof(double));
}

/* bytes: of the profile, if there is one. */
static ockham_status save(const ockham_model *model, const char *path, const unsigned char *bytes, size_t size,
                          ockham_error *err) {
  const ockham_model_parts *parts = &model->parts;
  size_t k = parts->k, d = parts->n_columns;
  file_meta meta = {k, d, parts->n_rows, parts->seed, parts->scaling.kind, parts->scaling.spread_ratio};
  ock_container_writer writer;
  uint32_t version = parts->mixture ? VERSION_OF_MIXTURE : VERSION_OF_CENTROIDS;
  OCK_TRY(ock_container_create(&writer, path, MODEL_KIND, version, err));
  ock_container_put(&writer, TAG_META, &meta, sizeof meta);
  ock_container_put(&writer, TAG_NAMES, model->names_text, model->names_size_bytes);
  ock_container_put(&writer, TAG_SCALING, model->scaling_values, model->scaling_values ? 2 * d * sizeof(double) : 0);
  ock_container_put(&writer, TAG_CENTROIDS, parts->centroids, k * d * sizeof(double));
  ock_container_put(&writer, TAG_SIZES, parts->sizes, k * sizeof(uint64_t));
  if (!parts->mixture) ock_container_put(&writer, TAG_WITHIN, parts->within, k * sizeof(double));
  ock_container_put(&writer, TAG_CRITERION, parts->criterion, strlen(parts->criterion) + 1);
  if (parts->weights) ock_container_put(&writer, TAG_WEIGHTS, parts->weights, k * sizeof(double));
  if (parts->mixture) put_mixture(&writer, parts->mixture);
  if (bytes) ock_container_put(&writer, TAG_PROFILE, bytes, size);
  return ock_container_commit(&writer, err);
}

ockham_status ockham_model_save(const ockham_model *model, const char *path, ockham_error *err) {
  unsigned char *bytes = NULL;
  size_t size = 0;
  if (model->profile) OCK_TRY(ockham_profile_encode(model->profile, &bytes, &size, err));
  ockham_status status = save(model, path, bytes, size, err);
  ockham_bytes_free(bytes);
  return status;
}

/* ---- reading ---- */

/* The payload of a chunk that must be count * unit bytes long. */
static ockham_status get_chunk(const ock_container *container, const char *path, uint32_t tag, size_t count,
                               size_t unit, const void **payload, ockham_error *err) {
  const char letters[] = {(char)tag, (char)(tag >> 8), (char)(tag >> 16), (char)(tag >> 24), 0};
  size_t size, expected = ock_size_product(count, unit);
  if (!ock_container_get(container, tag, payload, &size))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s' is missing", path, letters);
  if (size != expected)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s' must have %zu bytes, found %zu", path, letters, expected,
                    size);
  return OCKHAM_OK;
}

/* The first n texts of a chunk that holds them and nothing else; texts has room for n pointers. */
static bool split_texts(const char *payload, size_t size, size_t n, const char **texts) {
  const char *end = payload + size;
  for (size_t i = 0; i < n; i++) {
    const char *nul = memchr(payload, 0, (size_t)(end - payload));
    if (!nul) return false;
    texts[i] = payload;
    payload = nul + 1;
  }
  return payload == end;
}

static ockham_status get_texts(const ock_container *container, const char *path, uint32_t tag, size_t n,
                               ock_arena *arena, const char *const **out, ockham_error *err) {
  const void *payload;
  size_t size;
  if (!ock_container_get(container, tag, &payload, &size) || n > size)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: %zu texts are missing", path, n);
  const char **texts = ock_arena_array(arena, n, sizeof *texts);
  if (!texts) return ock_fail_memory(err, "column names", ock_size_product(n, sizeof *texts));
  if (!split_texts(payload, size, n, texts))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: %zu bytes of text must be %zu texts that each end in a NUL", path, size,
                    n);
  *out = texts;
  return OCKHAM_OK;
}

/* Numbers of META that other sizes are computed from; all relations are checked on the finished parts. */
static ockham_status get_meta(const ock_container *container, const char *path, ockham_model_parts *parts,
                              ockham_error *err) {
  const void *payload;
  file_meta meta;
  OCK_TRY(get_chunk(container, path, TAG_META, 1, sizeof meta, &payload, err));
  memcpy(&meta, payload, sizeof meta);
  if (meta.k > SIZE_MAX || meta.n_columns > SIZE_MAX || meta.scale > OCKHAM_SCALE_ROBUST)
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: %" PRIu64 " clusters in %" PRIu64 " columns with scaling %" PRIu64 " cannot be", path, meta.k,
                    meta.n_columns, meta.scale);
  *parts = (ockham_model_parts){
      .k = (size_t)meta.k,
      .n_columns = (size_t)meta.n_columns,
      .n_rows = meta.n_rows,
      .seed = meta.seed,
      .scaling = {.kind = (ockham_scale)meta.scale,
                  .n_columns = (size_t)meta.n_columns,
                  .spread_ratio = meta.spread_ratio},
  };
  return OCKHAM_OK;
}

static ockham_status get_mixture_meta(const ock_container *container, const char *path, ockham_mixture *m,
                                      ockham_error *err) {
  const void *payload;
  file_mixture mixture;
  OCK_TRY(get_chunk(container, path, TAG_MIXTURE, 1, sizeof mixture, &payload, err));
  memcpy(&mixture, payload, sizeof mixture);
  if (mixture.family >= OCKHAM_N_COVARIANCES || mixture.flags > (CONVERGED | REGULARISED) || mixture.n_steps > SIZE_MAX)
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: a mixture of family %" PRIu64 " with flags %" PRIu64 " after %" PRIu64 " steps cannot be",
                    path, mixture.family, mixture.flags, mixture.n_steps);
  *m = (ockham_mixture){.family = (ockham_covariance)mixture.family,
                        .converged = mixture.flags & CONVERGED,
                        .regularised = mixture.flags & REGULARISED,
                        .n_steps = (size_t)mixture.n_steps,
                        .tail = mixture.tail,
                        .log_likelihood = mixture.log_likelihood,
                        .n_parameters = mixture.n_parameters,
                        .bic = mixture.bic,
                        .icl = mixture.icl,
                        .aic = mixture.aic,
                        .entropy = mixture.entropy};
  return OCKHAM_OK;
}

/* The same for what only one of the two formats holds: the mixture, or what k-means knows of its clusters. */
static ockham_status view_mixture(const ock_container *container, const char *path, ockham_model_parts *parts,
                                  ockham_mixture *mixture, ockham_error *err) {
  const void *proportions, *covariances;
  size_t k = parts->k, d = parts->n_columns;
  OCK_TRY(get_mixture_meta(container, path, mixture, err));
  OCK_TRY(get_chunk(container, path, TAG_PROPORTIONS, k, sizeof(double), &proportions, err));
  OCK_TRY(get_chunk(container, path, TAG_COVARIANCES, ock_size_product(k, ockham_covariance_size(mixture->family, d)),
                    sizeof(double), &covariances, err));
  mixture->k = k;
  mixture->n_columns = d;
  mixture->proportions = (double *)proportions; /* only ever read, all three */
  mixture->means = (double *)parts->centroids;
  mixture->covariances = (double *)covariances;
  parts->mixture = mixture;
  return OCKHAM_OK;
}

static ockham_status view_within(const ock_container *container, const char *path, ockham_model_parts *parts,
                                 ockham_error *err) {
  const void *within;
  OCK_TRY(get_chunk(container, path, TAG_WITHIN, parts->k, sizeof(double), &within, err));
  parts->within = within;
  return OCKHAM_OK;
}

/* The parts as views into the container, and into the arena for the pointers to names. */
static ockham_status view_parts(const ock_container *container, const char *path, ock_arena *arena,
                                ockham_model_parts *parts, ockham_mixture *mixture, ockham_error *err) {
  OCK_TRY(get_meta(container, path, parts, err));
  const void *scaling, *centroids, *sizes, *weights = NULL;
  size_t weights_size;
  const char *const *criterion;
  size_t k = parts->k, d = parts->n_columns;
  bool scaled = parts->scaling.kind != OCKHAM_SCALE_NONE;
  OCK_TRY(get_texts(container, path, TAG_NAMES, d, arena, &parts->column_names, err));
  OCK_TRY(get_chunk(container, path, TAG_SCALING, scaled ? d : 0, 2 * sizeof(double), &scaling, err));
  OCK_TRY(get_chunk(container, path, TAG_CENTROIDS, ock_size_product(k, d), sizeof(double), &centroids, err));
  OCK_TRY(get_chunk(container, path, TAG_SIZES, k, sizeof(uint64_t), &sizes, err));
  OCK_TRY(get_texts(container, path, TAG_CRITERION, 1, arena, &criterion, err));
  if (ock_container_get(container, TAG_WEIGHTS, &weights, &weights_size))
    OCK_TRY(get_chunk(container, path, TAG_WEIGHTS, k, sizeof(double), &weights, err));
  if (scaled) {
    parts->scaling.centre = (double *)scaling; /* only ever read */
    parts->scaling.factor = (double *)scaling + d;
  }
  parts->centroids = centroids;
  parts->sizes = sizes;
  parts->criterion = criterion[0];
  parts->weights = weights;
  if (container->version >= VERSION_OF_MIXTURE) return view_mixture(container, path, parts, mixture, err);
  return view_within(container, path, parts, err);
}

static ockham_status get_profile(const ock_container *container, const char *path, ockham_profile **profile,
                                 ockham_error *err) {
  const void *payload;
  size_t size;
  if (!ock_container_get(container, TAG_PROFILE, &payload, &size)) return OCKHAM_OK;
  return ockham_profile_decode(payload, size, path, profile, err);
}

static ockham_status read_model(const ock_container *container, const char *path, ockham_model **model,
                                ockham_error *err) {
  ock_arena arena = {0};
  ockham_model_parts parts;
  ockham_mixture mixture;
  ockham_profile *profile = NULL;
  ockham_error inner = {0};
  ockham_status status = view_parts(container, path, &arena, &parts, &mixture, err);
  if (!status) status = get_profile(container, path, &profile, err);
  if (!status) {
    parts.profile = profile;
    status = ockham_model_new(&parts, model, &inner);
    if (status == OCKHAM_BAD_ARGUMENT) /* a caller's mistake is here the file's */
      status = ock_fail(err, OCKHAM_BAD_FILE, "%s: %s", path, inner.message);
    else if (status && err)
      *err = inner;
  }
  ockham_profile_free(profile);
  ock_arena_clear(&arena);
  return status;
}

ockham_status ock_model_parse(const char *path, unsigned char *bytes, size_t size, ockham_model **model,
                              ockham_error *err) {
  *model = NULL;
  ock_container container;
  OCK_TRY(ock_container_parse(&container, path, bytes, size, MODEL_KIND, VERSION_OF_MIXTURE, err));
  return read_model(&container, path, model, err);
}

ockham_status ockham_model_load(const char *path, ockham_model **model, ockham_error *err) {
  *model = NULL;
  ock_container container;
  OCK_TRY(ock_container_open(&container, path, MODEL_KIND, VERSION_OF_MIXTURE, err));
  ockham_status status = read_model(&container, path, model, err);
  ock_container_clear(&container);
  return status;
}
