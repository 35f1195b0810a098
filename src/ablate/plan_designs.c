/* SPDX-License-Identifier: Apache-2.0 */
/* A design for each scale. Scales share cells, so that what changes from one to the next is the scale and not the
 * company: a smaller design is a regular part of the larger one where there is one, else its best subset. */
#include <string.h>

#include "ablate/plan.h"

enum { MOST_LISTED = 4096 };

typedef struct nest {
  const ockham_study *study;
  ock_design_model model;
  bool sized; /* the kind has a size to choose */
} nest;

static ockham_status make(const nest *n, ockham_design_kind kind, size_t n_cells, ockham_design *design,
                          ockham_error *err) {
  const ockham_study *s = n->study;
  return ockham_design_make(kind, n_cells, s->factors, s->n_factors, s->forbidden, s->n_forbidden, NULL, 0, s->seed,
                            design, err);
}

static ockham_status copy(const ockham_design *from, ockham_design *to, ockham_error *err) {
  size_t size = from->n_cells * from->n_factors;
  *to = *from;
  to->n_aliases = 0;
  to->levels = ock_alloc(size);
  to->aliases = from->n_aliases ? ock_alloc_zeroed(from->n_aliases, sizeof *to->aliases) : NULL;
  bool there = to->levels && (to->aliases || !from->n_aliases);
  if (there) memcpy(to->levels, from->levels, size);
  for (size_t i = 0; there && i < from->n_aliases; i++) {
    to->aliases[i] = ock_string_copy(from->aliases[i]);
    there = to->aliases[i] != NULL;
    to->n_aliases += there;
  }
  return there ? OCKHAM_OK : ock_fail_memory(err, "the cells of a design", size);
}

/* ---- parts of a design ---- */

/* Regular: by halves, while these keep factors apart. *found: there is such a part. */
static ockham_status halve(const nest *n, const ockham_design *from, size_t n_cells, ockham_design *to, bool *found,
                           ockham_error *err) {
  ock_fraction whole, half;
  uint8_t kept[1 << OCK_FRACTION_MOST_BASIC];
  *found = false;
  if ((n_cells & (n_cells - 1)) || !ock_fraction_of(from, &whole)) return OCKHAM_OK;
  for (size_t left = from->n_cells; left > n_cells; left /= 2) {
    if (!ock_fraction_halve(&whole, &half, kept)) return OCKHAM_OK;
    whole = half;
  }
  *found = true;
  OCK_TRY(ock_fraction_fill(&whole, n->study->factors, to, err));
  return ock_design_weigh(&n->model, to, err);
}

static ockham_status choose(const nest *n, const ockham_design *from, size_t n_cells, ockham_design *to,
                            ockham_error *err) {
  size_t k = from->n_factors, kept = 0;
  uint8_t baseline[OCK_FRACTION_MOST_FACTORS] = {0};
  size_t *picked = ock_alloc_array(n_cells, sizeof *picked);
  to->n_cells = n_cells;
  to->n_factors = k;
  to->levels = ock_alloc_array(n_cells, k);
  while (kept < from->n_cells && memcmp(from->levels + kept * k, baseline, k) != 0) kept++;
  ockham_status status = picked && to->levels ? OCKHAM_OK : ock_fail_memory(err, "the cells of a design", n_cells * k);
  if (!status)
    status = ock_design_subset(&n->model, from->levels, from->n_cells, n_cells, kept, n->study->seed, picked, err);
  for (size_t i = 0; !status && i < n_cells; i++) memcpy(to->levels + i * k, from->levels + picked[i] * k, k);
  ock_free(picked);
  return status ? status : ock_design_weigh(&n->model, to, err);
}

static ockham_status make_part(const nest *n, const ockham_design *from, size_t scale, size_t n_cells,
                               ockham_design *to, ockham_error *err) {
  bool found = false;
  if (n_cells == from->n_cells) return copy(from, to, err);
  if (n_cells < n->model.n_terms)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "scale %s: expected at least %zu cells, one a term, found %zu",
                    n->study->scales[scale].name, n->model.n_terms, n_cells);
  OCK_TRY(halve(n, from, n_cells, to, &found, err));
  if (found) return OCKHAM_OK;
  if (n->study->design == OCKHAM_DESIGN_FULL && from->n_cells > MOST_LISTED) /* any design is a part of that */
    return make(n, OCKHAM_DESIGN_D_OPTIMAL, n_cells, to, err);
  return choose(n, from, n_cells, to, err);
}

/* ---- sizes ---- */

/* 0: as the kind has it. */
static size_t size_asked(const nest *n, size_t scale) {
  size_t own = n->study->scales[scale].design_runs;
  if (!n->sized) return 0;
  return own ? own : n->study->design == OCKHAM_DESIGN_FULL ? 0 : n->study->design_runs;
}

/* ---- fractions of several sizes ---- */

static size_t log2_of(size_t n_cells) {
  return (size_t)__builtin_ctzll(n_cells);
}

static bool has_size(const nest *n, const size_t *sizes, size_t size) {
  bool has = false;
  for (size_t s = 0; s < n->study->n_scales; s++) has = has || sizes[s] == size;
  return has;
}

/* How much shorter words are than they need be, over the sizes that scales have, when each is a half of the next. */
static size_t find_shortfall(const nest *n, const size_t *sizes, ock_fraction fraction, size_t least) {
  size_t k = fraction.n_factors, shortfall = 0;
  uint8_t kept[1 << OCK_FRACTION_MOST_BASIC];
  for (;;) {
    if (has_size(n, sizes, (size_t)1 << fraction.n_basic)) {
      ock_fraction best;
      size_t length = ock_fraction_resolution(&fraction);
      ock_fraction_search(k, fraction.n_basic, &best);
      shortfall += length ? ock_fraction_resolution(&best) - length : 0;
    }
    ock_fraction half;
    if (fraction.n_basic == least) return shortfall;
    if (!ock_fraction_halve(&fraction, &half, kept)) return shortfall + k;
    fraction = half;
  }
}

/* The fraction of the largest size with the least aberration may have no half as good as halves can be; then one made
 * from the best smallest one, by doubling, serves the scales better. *design is the former. */
static ockham_status reconsider(const nest *n, const size_t *sizes, ockham_design *design, ockham_error *err) {
  ock_fraction whole, other, twice;
  size_t k = n->study->n_factors, least = design->n_cells;
  if (!ock_fraction_of(design, &whole)) return OCKHAM_OK;
  for (size_t s = 0; s < n->study->n_scales; s++) {
    if (sizes[s] > k && (sizes[s] & (sizes[s] - 1)) == 0 && sizes[s] < least) least = sizes[s];
  }
  size_t shortfall = least < design->n_cells ? find_shortfall(n, sizes, whole, log2_of(least)) : 0;
  if (!shortfall) return OCKHAM_OK;
  ock_fraction_search(k, log2_of(least), &other);
  while (other.n_basic < whole.n_basic) {
    ock_fraction_double(&other, &twice);
    other = twice;
  }
  if (find_shortfall(n, sizes, other, log2_of(least)) >= shortfall) return OCKHAM_OK;
  ockham_design_clear(design);
  OCK_TRY(ock_fraction_fill(&other, n->study->factors, design, err));
  return ock_design_weigh(&n->model, design, err);
}

/* ---- all sizes ---- */

/* The size of each scale's design, and the largest of these, which all others are parts of. */
static ockham_status make_largest(const nest *n, size_t *sizes, ockham_design *largest, ockham_error *err) {
  bool full = n->study->design == OCKHAM_DESIGN_FULL, all_asked = true;
  size_t most = 0;
  for (size_t s = 0; s < n->study->n_scales; s++) all_asked = all_asked && size_asked(n, s);
  if (!all_asked) OCK_TRY(make(n, n->study->design, 0, largest, err));
  for (size_t s = 0; s < n->study->n_scales; s++) {
    sizes[s] = size_asked(n, s) ? size_asked(n, s) : largest->n_cells;
    if (sizes[s] > most) most = sizes[s];
  }
  if (most == largest->n_cells) return OCKHAM_OK;
  ockham_design_clear(largest);
  return make(n, full ? OCKHAM_DESIGN_D_OPTIMAL : n->study->design, most, largest, err);
}

/* The largest size below `below` that a scale has. */
static size_t next_size(const nest *n, const size_t *sizes, size_t below) {
  size_t next = 0;
  for (size_t s = 0; s < n->study->n_scales; s++) {
    if (sizes[s] < below && sizes[s] > next) next = sizes[s];
  }
  return next;
}

static ockham_status make_all(const nest *n, const ockham_design *largest, const size_t *sizes, ockham_design *designs,
                              ockham_error *err) {
  const ockham_design *from = largest;
  for (size_t size = next_size(n, sizes, SIZE_MAX); size > 0; size = next_size(n, sizes, size)) {
    const ockham_design *made = NULL;
    for (size_t s = 0; s < n->study->n_scales; s++) {
      if (sizes[s] != size) continue;
      OCK_TRY(make_part(n, made ? made : from, s, size, &designs[s], err));
      made = &designs[s];
    }
    from = made;
  }
  return OCKHAM_OK;
}

ockham_status ock_plan_nest(const ockham_study *study, ockham_design *designs, ockham_error *err) {
  nest n = {.study = study,
            .sized = study->design != OCKHAM_DESIGN_ADD_ONE_IN && study->design != OCKHAM_DESIGN_LEAVE_ONE_OUT};
  ockham_design largest = {0};
  size_t *sizes = ock_alloc_array(study->n_scales, sizeof *sizes);
  if (!sizes) return ock_fail_memory(err, "the designs of a study", study->n_scales * sizeof *sizes);
  ockham_status status = make_largest(&n, sizes, &largest, err);
  n.model = ock_design_model_make(study->factors, study->n_factors, study->forbidden, study->n_forbidden, NULL, 0);
  if (!status && study->design != OCKHAM_DESIGN_FULL) status = reconsider(&n, sizes, &largest, err);
  if (!status) status = make_all(&n, &largest, sizes, designs, err);
  ockham_design_clear(&largest);
  ock_free(sizes);
  return status;
}
