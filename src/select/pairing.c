/* SPDX-License-Identifier: Apache-2.0 */
#include "select/pairing.h"

#include <math.h>
#include <string.h>

/* A block holds rows of several atoms only while they lie within so many mean distances to the centroid of each of
 * their clusters: float32 relative to the block's mean is then as good as needed for every cluster. */
static const double widest_block = 3;

/* A node has its price: its sums are written and read again, and compete for the cache. */
enum { WORTH_A_NODE = 3 };

typedef struct builder {
  ock_pairing *pairing;
  ockham_rows x;
  const double *origin;
  const ock_partitions *partitions;
  uint32_t *order; /* rows in the order of their labels */
  uint32_t *spare; /* n_rows: for sorting */
  uint32_t *count; /* the largest k + 1 */
  uint32_t *row;   /* n_pieces: one of its rows */
  uint32_t *length;
} builder;

static size_t label_of(const builder *b, size_t row, size_t partition) {
  return b->partitions->label[row * b->partitions->n_partitions + partition];
}

static double coordinate(const builder *b, size_t row, size_t column) {
  return (ock_rows_get(b->x, row, column) - b->origin[column]) * b->pairing->scale;
}

/* ---- order ---- */

static void sort_by_label(const builder *b, const uint32_t *row, size_t n, size_t partition, const uint32_t *from,
                          uint32_t *to) {
  size_t k = b->partitions->fits[partition].k;
  memset(b->count, 0, (k + 1) * sizeof *b->count);
  for (size_t i = 0; i < n; i++) b->count[label_of(b, row[i], partition) + 1]++;
  for (size_t j = 0; j < k; j++) b->count[j + 1] += b->count[j];
  for (size_t i = 0; i < n; i++) to[b->count[label_of(b, row[from[i]], partition)]++] = from[i];
}

/* The numbers 0 ... n - 1 of rows row[...], sorted by the labels in some partitions; into `order` or `spare`, whichever
 * is returned. The last partition, whose clusters are the smallest, counts most: rows that follow each other are then
 * near each other, and so are their atoms in every node. */
static uint32_t *sort_by_labels(const builder *b, const uint32_t *row, size_t n, size_t first, size_t n_partitions,
                                uint32_t *order, uint32_t *spare) {
  for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
  for (size_t p = first; p < first + n_partitions; p++) {
    sort_by_label(b, row, n, p, order, spare);
    uint32_t *sorted = spare;
    spare = order;
    order = sorted;
  }
  return order;
}

static bool same_atom(const builder *b, size_t row, size_t other, size_t first, size_t n) {
  const uint16_t *a = b->partitions->label + row * b->partitions->n_partitions + first;
  const uint16_t *c = b->partitions->label + other * b->partitions->n_partitions + first;
  return memcmp(a, c, n * sizeof *a) == 0;
}

/* ---- blocks and pieces ---- */

/* A power of two that brings the largest coordinate near 2^50: squares stay below 2^103, and their sum over columns
 * below 2^127; squares of distances that are 2^-120 of it are not yet lost. */
static double choose_scale(const builder *b) {
  double largest = 0;
  for (size_t i = 0; i < b->x.n_rows; i++)
    for (size_t l = 0; l < b->x.n_columns; l++)
      largest = ock_larger(largest, fabs(ock_rows_get(b->x, i, l) - b->origin[l]));
  int exponent;
  frexp(largest, &exponent);
  return largest > 0 ? ldexp(1, 50 - (exponent < -900 ? -900 : exponent)) : 1;
}

/* A power of two that makes the largest weight at most 1. */
static double choose_unit(const builder *b) {
  double largest = 0;
  int exponent;
  for (size_t i = 0; b->partitions->weights && i < b->x.n_rows; i++)
    largest = ock_larger(largest, b->partitions->weights[i]);
  frexp(largest, &exponent);
  return largest > 0 ? ldexp(1, -exponent) : 1;
}

/* The least mean distance to the centroid among the row's clusters. */
static double extent(const builder *b, size_t row) {
  double least = INFINITY;
  for (size_t p = 0; p < b->partitions->n_partitions; p++) {
    const ock_fit *fit = &b->partitions->fits[p];
    size_t j = label_of(b, row, p);
    least = fmin(least, fit->spread[j] / ock_fit_weight(fit, j));
  }
  return least * b->pairing->scale;
}

static double distance(const builder *b, size_t row, size_t other) {
  double sum = 0;
  for (size_t l = 0; l < b->x.n_columns; l++) {
    double difference = coordinate(b, row, l) - coordinate(b, other, l);
    sum += difference * difference;
  }
  return sqrt(sum);
}

/* What the block that is being filled is like. */
typedef struct filling {
  size_t first, n; /* rows, in the order */
  size_t n_atoms;
  double reach, extent; /* farthest row from the first; least extent of a row */
} filling;

/* Whether the next row, of a new atom or not, belongs to the block. */
static bool joins(const builder *b, filling *f, size_t row, bool new_atom) {
  if (f->n == OCK_PAIR_ROWS) return false;
  double reach = fmax(f->reach, distance(b, row, b->order[f->first]));
  double least = new_atom ? fmin(f->extent, extent(b, row)) : f->extent;
  if (f->n_atoms + new_atom > 1 && reach > widest_block * least) return false;
  f->reach = reach;
  f->extent = least;
  return true;
}

/* Cut the sorted rows into blocks, and these into pieces. */
static void cut(builder *b) {
  ock_pairing *g = b->pairing;
  size_t n_partitions = b->partitions->n_partitions;
  filling f = {0};
  for (size_t i = 0; i < b->x.n_rows; i++) {
    size_t row = b->order[i];
    bool new_atom = i == 0 || !same_atom(b, row, b->order[i - 1], 0, n_partitions);
    bool joined = i > 0 && joins(b, &f, row, new_atom);
    if (!joined) {
      f = (filling){.first = i, .extent = extent(b, row)};
      g->first_piece[g->n_blocks] = g->n_pieces;
      g->blocks[g->n_blocks++] = (ock_pair_block){0};
    }
    if (!joined || new_atom) {
      b->row[g->n_pieces] = (uint32_t)row;
      b->length[g->n_pieces++] = 0;
      f.n_atoms++;
      g->blocks[g->n_blocks - 1].n_pieces++;
    }
    b->length[g->n_pieces - 1]++;
    f.n++;
    g->blocks[g->n_blocks - 1].n_rows++;
  }
}

static void fill_block(const builder *b, const uint32_t *row, size_t n, double *origin, float *rows) {
  size_t d = b->x.n_columns;
  for (size_t l = 0; l < d; l++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += coordinate(b, row[i], l);
    origin[l] = sum / (double)n;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) rows[i * d + l] = (float)(coordinate(b, row[i], l) - origin[l]);
}

static bool fill_blocks(builder *b) {
  ock_pairing *g = b->pairing;
  size_t d = b->x.n_columns, first = 0;
  double *origins = ock_arena_array(&g->arena, ock_size_product(g->n_blocks, d), sizeof *origins);
  float *rows = ock_arena_array(&g->arena, ock_size_product(b->x.n_rows, d), sizeof *rows);
  const double *given = b->partitions->weights;
  float *weights = given ? ock_arena_array(&g->arena, b->x.n_rows, sizeof *weights) : NULL;
  if (!origins || !rows || (given && !weights)) return false;
  for (size_t i = 0; given && i < b->x.n_rows; i++) weights[i] = (float)(given[b->order[i]] * g->unit);
  for (size_t i = 0; i < g->n_blocks; i++) {
    ock_pair_block *block = &g->blocks[i];
    fill_block(b, b->order + first, block->n_rows, origins + i * d, rows + first * d);
    block->origin = origins + i * d;
    block->rows = rows + first * d;
    block->weights = weights ? weights + first : NULL;
    block->length = b->length + g->first_piece[i];
    first += block->n_rows;
  }
  return true;
}

static bool make_blocks(builder *b) {
  ock_pairing *g = b->pairing;
  size_t n = b->x.n_rows;
  b->row = ock_arena_array(&g->arena, n, sizeof *b->row);
  b->length = ock_arena_array(&g->arena, n, sizeof *b->length);
  g->blocks = ock_arena_array(&g->arena, n, sizeof *g->blocks);
  g->first_piece = ock_arena_array(&g->arena, n, sizeof *g->first_piece);
  if (!b->row || !b->length || !g->blocks || !g->first_piece) return false;
  cut(b);
  return fill_blocks(b);
}

/* ---- the tree ---- */

/* What a node is merged from: the pieces or another node, its atoms each given by one row. */
typedef struct source {
  size_t node, n;
  const uint32_t *row;
} source;

/* Number the atoms of some partitions: into[i] is the atom of row[i], row_of_atom one row of each; returns how many. */
static size_t find_atoms(const builder *b, const uint32_t *row, size_t n, size_t first, size_t n_partitions,
                         uint32_t *into, uint32_t *row_of_atom) {
  const uint32_t *sorted = sort_by_labels(b, row, n, first, n_partitions, b->order, b->spare);
  size_t n_atoms = 0;
  for (size_t i = 0; i < n; i++) {
    size_t at = row[sorted[i]];
    if (i == 0 || !same_atom(b, at, row[sorted[i - 1]], first, n_partitions)) row_of_atom[n_atoms++] = (uint32_t)at;
    into[sorted[i]] = (uint32_t)(n_atoms - 1);
  }
  return n_atoms;
}

/* Room for a node's sums: those from pieces lie side by side (their number of atoms is known only when all nodes are),
 * others after their parent's. */
static void add_node(ock_pairing *g, const source *from, size_t first, size_t n, size_t n_atoms, uint32_t *into) {
  g->nodes[g->n_nodes++] = (ock_pair_node){from->node, first, n, from->n, n_atoms, into, 0};
}

static bool add_leaf(const builder *b, const source *from, size_t partition, uint32_t *into) {
  for (size_t i = 0; i < from->n; i++) into[i] = (uint32_t)label_of(b, from->row[i], partition);
  add_node(b->pairing, from, partition, 1, b->partitions->fits[partition].k, into);
  return true;
}

/* Add the nodes below `from` for some partitions: one for all of them if that leaves a third of the atoms or fewer, or
 * else only those of each half. */
static bool add_nodes(const builder *b, const source *from, size_t first, size_t n) {
  ock_pairing *g = b->pairing;
  uint32_t *into = ock_arena_array(&g->arena, from->n, sizeof *into);
  if (!into) return false;
  if (n == 1) return add_leaf(b, from, first, into);
  uint32_t *row = ock_arena_array(&g->arena, from->n, sizeof *row);
  if (!row) return false;
  size_t n_atoms = find_atoms(b, from->row, from->n, first, n, into, row);
  source below = *from;
  if (n_atoms <= from->n / WORTH_A_NODE) {
    below = (source){g->n_nodes, n_atoms, row};
    add_node(g, from, first, n, n_atoms, into);
  }
  return add_nodes(b, &below, first, n / 2) && add_nodes(b, &below, first + n / 2, n - n / 2);
}

static void place_sums(ock_pairing *g) {
  size_t top = 0;
  for (size_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i].parent == OCK_FROM_PIECES) {
      g->nodes[i].offset = top;
      top += g->nodes[i].n_atoms;
    }
  g->n_sums = top;
  for (size_t i = 0; i < g->n_nodes; i++) {
    ock_pair_node *node = &g->nodes[i];
    if (node->parent != OCK_FROM_PIECES) {
      const ock_pair_node *parent = &g->nodes[node->parent];
      size_t end = parent->offset + parent->n_atoms;
      node->offset = parent->parent == OCK_FROM_PIECES ? top : end;
    }
    if (node->offset + node->n_atoms > g->n_sums) g->n_sums = node->offset + node->n_atoms;
  }
}

/* ---- all of it ---- */

static bool build(builder *b) {
  ock_pairing *g = b->pairing;
  size_t n = b->x.n_rows, n_partitions = b->partitions->n_partitions, most_k = 0;
  for (size_t p = 0; p < n_partitions; p++)
    if (b->partitions->fits[p].k > most_k) most_k = b->partitions->fits[p].k;
  uint32_t *all = ock_arena_array(&g->arena, n, sizeof *all);
  b->order = ock_arena_array(&g->arena, n, sizeof *b->order);
  b->spare = ock_arena_array(&g->arena, n, sizeof *b->spare);
  b->count = ock_arena_array(&g->arena, most_k + 1, sizeof *b->count);
  g->nodes = ock_arena_array(&g->arena, 2 * n_partitions, sizeof *g->nodes);
  if (!all || !b->order || !b->spare || !b->count || !g->nodes) return false;
  g->scale = choose_scale(b);
  g->unit = choose_unit(b);
  for (size_t i = 0; i < n; i++) all[i] = (uint32_t)i;
  uint32_t *sorted = sort_by_labels(b, all, n, 0, n_partitions, b->order, b->spare);
  if (sorted != b->order) {
    b->spare = b->order;
    b->order = sorted;
  }
  if (!make_blocks(b)) return false;
  if (!add_nodes(b, &(source){OCK_FROM_PIECES, g->n_pieces, b->row}, 0, n_partitions)) return false;
  place_sums(g);
  return true;
}

ockham_status ock_pairing_init(ock_pairing *pairing, ockham_rows x, const double *origin,
                               const ock_partitions *partitions, ockham_error *err) {
  *pairing = (ock_pairing){0};
  builder b = {.pairing = pairing, .x = x, .origin = origin, .partitions = partitions};
  if (build(&b)) return OCKHAM_OK;
  ock_pairing_clear(pairing);
  return ock_fail_memory(err, "the silhouette", ock_size_product(x.n_rows, x.n_columns * sizeof(float) + 16));
}

void ock_pairing_clear(ock_pairing *pairing) {
  ock_arena_clear(&pairing->arena);
}
