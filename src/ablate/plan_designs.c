/* SPDX-License-Identifier: Apache-2.0 */
/* A design for each scale. Scales share cells, so that what changes from one to the next is the scale and not the
 * company: a smaller design is a regular part of the larger one where there is one, else its best subset. */
#include <string.h>

#include "ablate/plan.h"

enum { MOST_LISTED = 4096 };

/* Fractions by their numbers of basic factors, each a part of the larger ones; n_factors 0: none of that size. */
typedef struct chain {
  ock_fraction fractions[OCK_FRACTION_MOST_BASIC + 1];
} chain;

typedef struct nest {
  const ockham_study *study;
  ock_design_model model;
  bool sized; /* the kind has a size to choose */
  chain regular;
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

static bool is_power(size_t n) {
  return n && (n & (n - 1)) == 0;
}

static size_t log2_of(size_t n_cells) {
  return (size_t)__builtin_ctzll(n_cells);
}

static const ock_fraction *find_link(const chain *c, size_t n_cells) {
  bool linked = is_power(n_cells) && n_cells <= (size_t)1 << OCK_FRACTION_MOST_BASIC;
  const ock_fraction *link = linked ? &c->fractions[log2_of(n_cells)] : NULL;
  return link && link->n_factors ? link : NULL;
}

/* *found: there is a regular part. Of a part that is not regular itself there is none. */
static ockham_status make_regular(const nest *n, const ockham_design *from, size_t n_cells, ockham_design *to,
                                  bool *found, ockham_error *err) {
  ock_fraction whole;
  const ock_fraction *part = find_link(&n->regular, n_cells);
  *found = part && ock_fraction_of(from, &whole);
  if (!*found) return OCKHAM_OK;
  OCK_TRY(ock_fraction_fill(part, n->study->factors, to, err));
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
  OCK_TRY(make_regular(n, from, n_cells, to, &found, err));
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

/* The largest size below `below` that a scale has. */
static size_t next_size(const nest *n, const size_t *sizes, size_t below) {
  size_t next = 0;
  for (size_t s = 0; s < n->study->n_scales; s++) {
    if (sizes[s] < below && sizes[s] > next) next = sizes[s];
  }
  return next;
}

/* The shortest word up to four letters: beyond that, main effects are clear of pairs. */
static size_t clearness(const ock_fraction *fraction) {
  size_t length = ock_fraction_resolution(fraction);
  return length && length < 4 ? length : 4;
}

/* How much shorter words are than they need be, over the sizes that scales have. */
static size_t find_shortfall(const nest *n, const size_t *sizes, const chain *c) {
  size_t k = n->study->n_factors, shortfall = 0;
  for (size_t size = next_size(n, sizes, SIZE_MAX); size > k; size = next_size(n, sizes, size)) {
    const ock_fraction *link = find_link(c, size);
    ock_fraction best;
    if (!is_power(size)) continue;
    ock_fraction_search(k, log2_of(size), &best);
    shortfall += clearness(&best) - (link ? clearness(link) : 0);
  }
  return shortfall;
}

static chain link_parts(const nest *n, const size_t *sizes, const ock_fraction *whole) {
  chain c = {0};
  const ock_fraction *from = whole;
  for (size_t size = next_size(n, sizes, SIZE_MAX); size > whole->n_factors; size = next_size(n, sizes, size)) {
    if (!is_power(size)) continue;
    ock_fraction *to = &c.fractions[log2_of(size)];
    if (!ock_fraction_part(from, log2_of(size), to)) {
      *to = (ock_fraction){0};
      return c;
    }
    from = to;
  }
  return c;
}

static chain link_doubles(size_t n_factors, size_t least, size_t most) {
  chain c = {0};
  ock_fraction_search(n_factors, least, &c.fractions[least]);
  for (size_t m = least; m < most; m++) ock_fraction_double(&c.fractions[m], &c.fractions[m + 1]);
  return c;
}

/* The fraction of the largest size with the least aberration may have no part that keeps main effects clear of pairs,
 * although there are fractions of that size that do; then those made from such a one by doubling serve the scales
 * better, as long as they keep them clear themselves. *design is the former. */
static ockham_status link_fractions(nest *n, const size_t *sizes, ockham_design *design, ockham_error *err) {
  ock_fraction whole;
  size_t k = n->study->n_factors, least = design->n_cells;
  if (!ock_fraction_of(design, &whole)) return OCKHAM_OK;
  for (size_t s = 0; s < n->study->n_scales; s++) {
    if (sizes[s] > k && is_power(sizes[s]) && sizes[s] < least) least = sizes[s];
  }
  n->regular = link_parts(n, sizes, &whole);
  size_t shortfall = find_shortfall(n, sizes, &n->regular);
  if (!shortfall || n->study->design == OCKHAM_DESIGN_FULL) return OCKHAM_OK;
  chain doubles = link_doubles(k, log2_of(least), whole.n_basic);
  if (find_shortfall(n, sizes, &doubles) >= shortfall) return OCKHAM_OK;
  n->regular = doubles;
  ockham_design_clear(design);
  OCK_TRY(ock_fraction_fill(&doubles.fractions[whole.n_basic], n->study->factors, design, err));
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
  if (!status) status = link_fractions(&n, sizes, &largest, err);
  if (!status) status = make_all(&n, &largest, sizes, designs, err);
  ockham_design_clear(&largest);
  ock_free(sizes);
  return status;
}
