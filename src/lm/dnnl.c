/* SPDX-License-Identifier: Apache-2.0 */
#include "lm/dnnl.h"

#ifdef OCK_HAVE_DNNL
#include <dlfcn.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
ock_dnnl ock_dnnl_table;
static bool is_open;

static bool find(void *library, const char *name, void *function) {
  void *found = dlsym(library, name);
  *(void **)function = found;
  return found != NULL;
}

static void open_library(void) {
  void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  bool all = find(library, "omp_get_max_threads", &ock_dnnl_table.get_threads);
  all = find(library, "omp_set_num_threads", &ock_dnnl_table.set_threads) && all;
#define FIND(name) all = find(library, "dnnl_" #name, &ock_dnnl_table.name) && all;
  OCK_DNNL_FUNCTIONS(FIND)
  is_open = all;
}

bool ock_dnnl_open(void) {
  pthread_once(&once, open_library);
  return is_open;
}

int ock_dnnl_begin(void) {
  int threads = ock_dnnl_table.get_threads();
  ock_dnnl_table.set_threads(1);
  return threads;
}

void ock_dnnl_end(int threads) {
  ock_dnnl_table.set_threads(threads);
}
#else
typedef int ock_dnnl_is_absent; /* a file of ISO C is not empty */
#endif
