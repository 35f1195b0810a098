/* SPDX-License-Identifier: Apache-2.0 */
/* What the actor (actor.c) can be asked for: send -ACT_... as the first number. */
#ifndef OCK_TEST_ACTOR_H
#define OCK_TEST_ACTOR_H

#include <stdbool.h>

enum {
  ACT_HANG = 1,
  ACT_EXIT,
  ACT_KILL,
  ACT_GARBAGE,
  ACT_OVERSIZED,
  ACT_WRONG_ID,
  ACT_BYTES,
  ACT_NOISE,
  ACT_FLOOD, /* MB */
  ACT_EAT,   /* MB */
  ACT_FORKS,
  ACT_SPIN, /* ms of CPU time of the process in all */
  ACT_FILES,
  ACT_SYSTEM,
  ACT_NETWORK, /* port */
  ACT_HALF,
  ACT_BAD_JSON,
  ACT_BAD_NAME,
  ACT_NO_OUTPUT,
  ACT_REFUSE,
  ACT_FAIL,
  ACT_SLEEP, /* ms */
  ACT_CLOSE,
  ACT_BIG_FILE, /* MB */
  ACT_OTHER_NUMBERS,
  ACT_SELF,
  ACT_CHILD, /* 1: in a session of its own */
  ACT_ANSWER_AND_DIE,
  ACT_TWICE,
  ACT_PROCESS
};

#define ACTOR_FIELDS(columns)                                              \
  "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,4]}]," \
  "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}]," columns "}"
#define ACTOR_HELLO ACTOR_FIELDS("\"name\":\"actor\"")
#define ACTOR_JSON_HELLO ACTOR_FIELDS("\"columns\":[\"a\",\"b\",\"c\",\"d\"],\"encoding\":\"json\"")

#endif
