/* SPDX-License-Identifier: Apache-2.0 */
#include "core/internal.h"

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ock_clock_ns(void) {
  return read_clock(CLOCK_MONOTONIC);
}

uint64_t ock_wall_ns(void) {
  return read_clock(CLOCK_REALTIME);
}

double ock_clock_seconds(void) {
  return 1e-9 * (double)ock_clock_ns();
}

struct timespec ock_timespec(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

void ock_condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

bool ock_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t until_ns) {
  struct timespec until = ock_timespec(until_ns);
  return pthread_cond_timedwait(condition, mutex, &until) == 0;
}
