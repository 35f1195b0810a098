/* SPDX-License-Identifier: Apache-2.0 */
#include "core/internal.h"

bool ock_progress_stopped(const ockham_progress *progress, const char *stage, uint64_t done, uint64_t total) {
  return progress && progress->report && !progress->report(progress->user, stage, done, total);
}

bool ock_ticker_stopped(ock_ticker *ticker) {
  if (ticker->stopped || !ticker->progress) return ticker->stopped;
  double now = ock_clock_seconds();
  if (now < ticker->next_call_seconds && ticker->stage == ticker->told) return false;
  ticker->told = ticker->stage;
  ticker->next_call_seconds = now + 0.02;
  ticker->stopped = ock_progress_stopped(ticker->progress, ticker->stage, ticker->done, ticker->total);
  return ticker->stopped;
}

bool ock_ticker_gave_up(const ock_ticker *ticker) {
  const bool *at_once = ticker->progress ? ticker->progress->at_once : NULL;
  return ticker->stopped && at_once && *at_once;
}
