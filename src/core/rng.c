/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "core/internal.h"

static uint64_t splitmix64(uint64_t *state) {
  return ock_mix64(*state += 0x9e3779b97f4a7c15u);
}

ock_rng ock_rng_make(uint64_t seed, uint64_t stream) {
  uint64_t mixed = stream;
  uint64_t state = seed ^ splitmix64(&mixed);
  ock_rng rng;
  for (int i = 0; i < 4; i++) rng.state[i] = splitmix64(&state);
  return rng;
}

static uint64_t rotate_left(uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

uint64_t ock_rng_next(ock_rng *rng) {
  uint64_t *s = rng->state;
  uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double ock_rng_uniform(ock_rng *rng) {
  return (double)(ock_rng_next(rng) >> 11) * 0x1p-53;
}

uint64_t ock_rng_below(ock_rng *rng, uint64_t bound) {
  uint64_t threshold = -bound % bound; /* 2^64 mod bound: draws below it would favour small results */
  uint64_t draw;
  do {
    draw = ock_rng_next(rng);
  } while (draw < threshold);
  return draw % bound;
}

/* Marsaglia's polar method; the second variate is dropped so that a stream has no hidden state. */
double ock_rng_normal(ock_rng *rng) {
  double u, v, s;
  do {
    u = 2 * ock_rng_uniform(rng) - 1;
    v = 2 * ock_rng_uniform(rng) - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  return u * sqrt(-2 * log(s) / s);
}
