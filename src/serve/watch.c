/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd does not look at a suspended connection: this thread does, so that a client that is gone is not worked
 * for. A client that only shuts down its sending half counts as gone, as for nginx. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "serve/internal.h"

typedef struct place {
  ock_exchange *exchange; /* NULL: free */
  uint32_t generation;    /* of its use, so that a late event is not taken for the next exchange's */
  int socket;
  size_t next_free;
} place;

struct ock_watch {
  pthread_t thread;
  pthread_mutex_t lock;
  int epoll, stop;
  place *places;
  size_t n_places, first_free;
};

static const uint64_t STOP = UINT64_MAX;

/* Holding the lock keeps the exchange alive: its job's `done` removes it from here first. */
static void client_left(ock_watch *watch, uint64_t token) {
  size_t at = (size_t)(token & 0xffffffff);
  pthread_mutex_lock(&watch->lock);
  place *p = at < watch->n_places ? &watch->places[at] : NULL;
  if (p && p->exchange && p->generation == token >> 32) ock_crew_cancel(p->exchange->version->crew, p->exchange->job);
  pthread_mutex_unlock(&watch->lock);
}

static void *run(void *arg) {
  ock_watch *watch = arg;
  enum { AT_ONCE = 64 };
  struct epoll_event events[AT_ONCE];
  for (;;) {
    int n = epoll_wait(watch->epoll, events, AT_ONCE, -1);
    if (n < 0 && errno != EINTR) return NULL;
    for (int i = 0; i < n; i++) {
      if (events[i].data.u64 == STOP) return NULL;
      client_left(watch, events[i].data.u64);
    }
  }
}

static bool open_descriptors(ock_watch *watch) {
  watch->epoll = epoll_create1(EPOLL_CLOEXEC);
  watch->stop = eventfd(0, EFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = STOP};
  return watch->epoll >= 0 && watch->stop >= 0 && epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->stop, &event) == 0;
}

static void free_watch(ock_watch *watch) {
  if (watch->epoll >= 0) close(watch->epoll);
  if (watch->stop >= 0) close(watch->stop);
  pthread_mutex_destroy(&watch->lock);
  ock_free(watch->places);
  ock_free(watch);
}

ockham_status ock_watch_start(ock_watch **out, ockham_error *err) {
  *out = NULL;
  ock_watch *watch = ock_alloc_zeroed(1, sizeof *watch);
  if (!watch) return ock_fail_memory(err, "the watch over clients", sizeof *watch);
  pthread_mutex_init(&watch->lock, NULL);
  watch->first_free = SIZE_MAX;
  int why = open_descriptors(watch) ? pthread_create(&watch->thread, NULL, run, watch) : errno;
  if (why) {
    free_watch(watch);
    return ock_fail(err, OCKHAM_IO, "cannot watch over clients: %s", strerror(why));
  }
  *out = watch;
  return OCKHAM_OK;
}

static bool take_place(ock_watch *watch, size_t *at) {
  if (watch->first_free == SIZE_MAX) {
    place *grown = ock_realloc_array(watch->places, watch->n_places + 1, sizeof *grown);
    if (!grown) return false;
    watch->places = grown;
    grown[watch->n_places] = (place){.next_free = SIZE_MAX};
    watch->first_free = watch->n_places++;
  }
  *at = watch->first_free;
  watch->first_free = watch->places[*at].next_free;
  return true;
}

void ock_watch_add(ock_watch *watch, ock_exchange *x, int socket) {
  size_t at;
  x->watch = SIZE_MAX;
  if (socket < 0) return;
  pthread_mutex_lock(&watch->lock);
  if (take_place(watch, &at)) {
    place *p = &watch->places[at];
    p->exchange = x;
    p->socket = socket;
    p->generation++;
    x->watch = at;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = (uint64_t)p->generation << 32 | at};
    epoll_ctl(watch->epoll, EPOLL_CTL_ADD, socket, &event);
  }
  pthread_mutex_unlock(&watch->lock);
}

void ock_watch_remove(ock_watch *watch, ock_exchange *x) {
  pthread_mutex_lock(&watch->lock);
  if (x->watch != SIZE_MAX) {
    place *p = &watch->places[x->watch];
    epoll_ctl(watch->epoll, EPOLL_CTL_DEL, p->socket, NULL);
    p->exchange = NULL;
    p->next_free = watch->first_free;
    watch->first_free = x->watch;
    x->watch = SIZE_MAX;
  }
  pthread_mutex_unlock(&watch->lock);
}

void ock_watch_stop(ock_watch *watch) {
  if (!watch) return;
  uint64_t one = 1;
  if (write(watch->stop, &one, sizeof one) == sizeof one) pthread_join(watch->thread, NULL);
  free_watch(watch);
}
