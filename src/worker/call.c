/* SPDX-License-Identifier: Apache-2.0 */
/* A hand that calls a function of this process: always up, and not to be ended once it runs. */
#include <time.h>

#include "worker/hand.h"

static ockham_status open_call(ock_hand *hand, ock_schema *schema, ockham_error *err) {
  (void)hand, (void)schema, (void)err;
  return OCKHAM_OK;
}

static bool is_the_requests_fault(ockham_status status) {
  return status == OCKHAM_BAD_DATA || status == OCKHAM_BAD_ARGUMENT || status == OCKHAM_UNSUPPORTED;
}

static void call_function(ock_hand *hand, ock_job *job, uint64_t give_up_ns, ock_hand_result *result) {
  const ock_crew_options *o = hand->options;
  struct timespec before, after;
  (void)give_up_ns;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  ockham_status status = o->call(o->call_user, &job->request, &result->answer, &result->error);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  result->cpu_ns = (uint64_t)((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec);
  result->outcome = status == OCKHAM_OK ? OCK_DONE : is_the_requests_fault(status) ? OCK_REFUSED : OCK_FAILED;
}

static void close_call(ock_hand *hand) {
  (void)hand;
}

const ock_hand_kind ock_hand_call = {.noun = "function",
                                     .state_bytes = 0,
                                     .blocks = true,
                                     .open = open_call,
                                     .call = call_function,
                                     .close = close_call};
