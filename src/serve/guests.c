/* SPDX-License-Identifier: Apache-2.0 */
/* Open connections. libmicrohttpd's time-out begins anew with every byte, so that a client which sends one now and then
 * could hold its connection for ever: here each has a time by which its headers, and then its body, must be there. */
#include <string.h>
#include <sys/socket.h>

#include "serve/internal.h"

struct ock_guest {
  int socket;
  atomic_int doing; /* ock_guest_doing */
  atomic_ullong since_ns;
  ock_guest *next, **back; /* `back` is what leads here */
};

void ock_guest_does(struct MHD_Connection *connection, ock_guest_doing doing) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  ock_guest *guest = info ? info->socket_context : NULL;
  if (!guest) return;
  atomic_store_explicit(&guest->since_ns, ock_clock_ns(), memory_order_relaxed);
  atomic_store_explicit(&guest->doing, (int)doing, memory_order_release); /* whoever sees it sees its time too */
}

static void admit(ock_guests *guests, struct MHD_Connection *connection, void **context) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  ock_guest *guest = info ? ock_alloc_zeroed(1, sizeof *guest) : NULL;
  *context = guest;
  if (!guest) return; /* it only goes unwatched */
  guest->socket = info->connect_fd;
  guest->since_ns = ock_clock_ns();
  pthread_mutex_lock(&guests->lock);
  guest->next = guests->first;
  guest->back = &guests->first;
  if (guest->next) guest->next->back = &guest->next;
  guests->first = guest;
  pthread_mutex_unlock(&guests->lock);
}

/* The socket is still open when this is called: until the lock is let go its number cannot be another's. */
static void dismiss(ock_guests *guests, ock_guest *guest) {
  if (!guest) return;
  pthread_mutex_lock(&guests->lock);
  *guest->back = guest->next;
  if (guest->next) guest->next->back = guest->back;
  pthread_mutex_unlock(&guests->lock);
  ock_free(guest);
}

void ock_guests_notify(void *user, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    admit(user, connection, context);
  else
    dismiss(user, *context);
}

/* libmicrohttpd does not see an end that comes together with a part of a request, but one that comes later. */
static bool has_left(const ock_guest *guest, int doing, uint64_t lasted_ns) {
  const uint64_t from_ns = 1000000000u, to_ns = 4000000000u;
  char next;
  return doing != OCK_GUEST_WAITS && lasted_ns > from_ns && lasted_ns < to_ns &&
         recv(guest->socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void end_late_ones(ock_guests *guests) {
  uint64_t now = ock_clock_ns();
  uint64_t most[OCK_GUEST_DOING_COUNT] = {
      [OCK_GUEST_BEFORE_REQUEST] = (uint64_t)guests->idle_seconds * 1000000000u,
      [OCK_GUEST_SENDS] = (uint64_t)guests->request_seconds * 1000000000u,
      [OCK_GUEST_WAITS] = UINT64_MAX,
  };
  pthread_mutex_lock(&guests->lock);
  for (ock_guest *g = guests->first; g; g = g->next) {
    int doing = atomic_load_explicit(&g->doing, memory_order_acquire);
    uint64_t since = g->since_ns, lasted = now > since ? now - since : 0;
    if (lasted > most[doing] || has_left(g, doing, lasted)) shutdown(g->socket, SHUT_RDWR);
  }
  pthread_mutex_unlock(&guests->lock);
}

static void *run(void *arg) {
  ock_guests *guests = arg;
  pthread_mutex_lock(&guests->lock);
  while (!guests->ending) {
    (void)ock_condition_wait(&guests->wake, &guests->lock, ock_clock_ns() + 1000000000u);
    pthread_mutex_unlock(&guests->lock);
    end_late_ones(guests);
    pthread_mutex_lock(&guests->lock);
  }
  pthread_mutex_unlock(&guests->lock);
  return NULL;
}

ockham_status ock_guests_start(ock_guests *guests, unsigned idle_seconds, unsigned request_seconds, ockham_error *err) {
  guests->idle_seconds = idle_seconds;
  guests->request_seconds = request_seconds;
  pthread_mutex_init(&guests->lock, NULL);
  ock_condition_init(&guests->wake);
  int why = pthread_create(&guests->thread, NULL, run, guests);
  if (why) return ock_fail(err, OCKHAM_IO, "cannot watch over connections: %s", strerror(why));
  guests->runs = true;
  return OCKHAM_OK;
}

void ock_guests_stop(ock_guests *guests) {
  if (!guests->runs) return;
  pthread_mutex_lock(&guests->lock);
  guests->ending = true;
  pthread_cond_signal(&guests->wake);
  pthread_mutex_unlock(&guests->lock);
  pthread_join(guests->thread, NULL);
  pthread_cond_destroy(&guests->wake);
  pthread_mutex_destroy(&guests->lock);
}
