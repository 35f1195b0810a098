/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/crew.h"

enum { DEATHS_TO_QUARANTINE = 2 };
static const uint64_t quarantine_ns = (uint64_t)3600 * 1000000000u;

/* ---- the breaker ---- */

bool ock_trouble_failed(ock_crew *crew) {
  crew->failures_in_row++;
  if (crew->breaker_open || crew->failures_in_row < crew->options.breaker_failures) return false;
  crew->breaker_open = true;
  crew->trial_ns = ock_clock_ns() + (uint64_t)crew->options.backoff_ms * 1000000u;
  return true;
}

static bool close_breaker(ock_crew *crew, size_t failures_left) {
  crew->failures_in_row = failures_left;
  bool changed = crew->breaker_open;
  crew->breaker_open = false;
  return changed;
}

/* A start is worth jobs, but the next failure opens the breaker again at once. */
bool ock_trouble_started(ock_crew *crew) {
  return crew->breaker_open && close_breaker(crew, crew->options.breaker_failures - 1);
}

bool ock_trouble_answered(ock_crew *crew) {
  return close_breaker(crew, 0);
}

/* Hands that are not opened anew after a failure (a server's) are tried with one job after each pause. */
bool ock_trouble_lets_through(ock_crew *crew, uint64_t now) {
  if (!crew->breaker_open) return true;
  if (crew->n_up == 0 || now < crew->trial_ns) return false;
  crew->trial_ns = now + (uint64_t)crew->options.backoff_ms * 1000000u;
  return true;
}

/* ---- quarantine: a short list, as there is no trouble most of the time ---- */

static void forget_old(ock_crew *crew) {
  uint64_t now = ock_clock_ns();
  size_t n_kept = 0;
  for (size_t i = 0; i < crew->n_suspects; i++)
    if (now - crew->suspects[i].seen_ns <= quarantine_ns) crew->suspects[n_kept++] = crew->suspects[i];
  crew->n_suspects = n_kept;
}

static suspect *find(ock_crew *crew, uint64_t hash) {
  if (crew->n_suspects) forget_old(crew);
  for (size_t i = 0; i < crew->n_suspects; i++)
    if (crew->suspects[i].hash == hash) return &crew->suspects[i];
  return NULL;
}

static suspect *replace_oldest(ock_crew *crew) {
  if (crew->n_suspects < SUSPECTS) return &crew->suspects[crew->n_suspects++];
  suspect *oldest = crew->suspects;
  for (size_t i = 1; i < SUSPECTS; i++)
    if (crew->suspects[i].seen_ns < oldest->seen_ns) oldest = &crew->suspects[i];
  return oldest;
}

bool ock_trouble_blame(ock_crew *crew, uint64_t hash) {
  if (!hash) return false;
  suspect *one = find(crew, hash);
  if (!one) {
    one = replace_oldest(crew);
    *one = (suspect){.hash = hash};
  }
  one->n_killed++;
  one->seen_ns = ock_clock_ns();
  if (one->n_killed == DEATHS_TO_QUARANTINE) crew->n_quarantined++;
  return one->n_killed == DEATHS_TO_QUARANTINE;
}

void ock_trouble_forgive(ock_crew *crew, uint64_t hash) {
  suspect *one = find(crew, hash);
  if (one && one->n_killed < DEATHS_TO_QUARANTINE) *one = crew->suspects[--crew->n_suspects];
}

bool ock_trouble_knows(ock_crew *crew, uint64_t hash) {
  const suspect *one = hash ? find(crew, hash) : NULL;
  return one && one->n_killed >= DEATHS_TO_QUARANTINE;
}
