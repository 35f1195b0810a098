/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a method and a path have: the table of the protocol's paths, and paths that must lead nowhere. */
#include "../test.h"
#include "serve/internal.h"

typedef struct expectation {
  const char *method, *path;
  ock_route route;
  const char *model, *version, *allow;
} expectation;

static const expectation table[] = {
    {"GET", "/", OCK_ROUTE_FRONT, "", "", NULL},
    {"HEAD", "/", OCK_ROUTE_FRONT, "", "", NULL},
    {"GET", "/v2", OCK_ROUTE_SERVER, "", "", NULL},
    {"GET", "/v2/", OCK_ROUTE_SERVER, "", "", NULL},
    {"GET", "/v2/health/live", OCK_ROUTE_LIVE, "", "", NULL},
    {"GET", "/v2/health/ready", OCK_ROUTE_READY, "", "", NULL},
    {"GET", "/v2/models/price", OCK_ROUTE_MODEL, "price", "", NULL},
    {"GET", "/v2/models/price/versions/2.1", OCK_ROUTE_MODEL, "price", "2.1", NULL},
    {"GET", "/v2/models/price/ready", OCK_ROUTE_MODEL_READY, "price", "", NULL},
    {"GET", "/v2/models/price/versions/2/ready", OCK_ROUTE_MODEL_READY, "price", "2", NULL},
    {"POST", "/v2/models/price/infer", OCK_ROUTE_INFER, "price", "", NULL},
    {"POST", "/v2/models/price/versions/2/infer", OCK_ROUTE_INFER, "price", "2", NULL},
    {"POST", "/v2/models/%70rice/infer", OCK_ROUTE_INFER, "price", "", NULL},
    {"GET", "/v2/models/stats", OCK_ROUTE_ALL_STATS, "", "", NULL},
    {"GET", "/v2/models/price/stats", OCK_ROUTE_MODEL_STATS, "price", "", NULL},
    {"GET", "/v2/models/price/versions/2/stats", OCK_ROUTE_MODEL_STATS, "price", "2", NULL},
    {"GET", "/v2/models/price/drift", OCK_ROUTE_MODEL_DRIFT, "price", "", NULL},
    {"GET", "/v2/models/price/versions/2/drift", OCK_ROUTE_MODEL_DRIFT, "price", "2", NULL},
    {"POST", "/admin/outcomes", OCK_ROUTE_OUTCOMES, "", "", NULL},
    {"GET", "/admin/outcomes", OCK_ROUTE_NONE, "", "", "POST"},
    {"POST", "/v2/repository/index", OCK_ROUTE_INDEX, "", "", NULL},
    {"POST", "/v2/repository/models/price/load", OCK_ROUTE_LOAD, "price", "", NULL},
    {"POST", "/v2/repository/models/price/unload", OCK_ROUTE_UNLOAD, "price", "", NULL},
    {"POST", "/m/price", OCK_ROUTE_ROWS, "price", "", NULL},
    {"POST", "/m/price/versions/2", OCK_ROUTE_ROWS, "price", "2", NULL},
    {"POST", "/v1/models/price:predict", OCK_ROUTE_PREDICT, "price", "", NULL},
    {"POST", "/v1/models/price/versions/2:predict", OCK_ROUTE_PREDICT, "price", "2", NULL},
    {"GET", "/v1/models/price", OCK_ROUTE_V1_MODEL, "price", "", NULL},
    {"POST", "/invocations", OCK_ROUTE_INVOCATIONS, "", "", NULL},
    {"GET", "/ping", OCK_ROUTE_PING, "", "", NULL},
    /* another method */
    {"GET", "/v2/models/price/infer", OCK_ROUTE_NONE, "", "", "POST"},
    {"POST", "/v2/health/live", OCK_ROUTE_NONE, "", "", "GET, HEAD"},
    {"DELETE", "/m/price", OCK_ROUTE_NONE, "", "", "POST"},
    /* nowhere */
    {"GET", "/v2/models/", OCK_ROUTE_NONE, "", "", NULL},
    {"GET", "/v3", OCK_ROUTE_NONE, "", "", NULL},
    {"GET", "", OCK_ROUTE_NONE, "", "", NULL},
    {"GET", "v2", OCK_ROUTE_NONE, "", "", NULL},
    {"GET", "*", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/price/infer/more", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/price/versions/infer", OCK_ROUTE_NONE, "", "", "GET, HEAD"},
    {"POST", "/v1/models/:predict", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/a/b/c/d/e/f/g/h/i/j/k", OCK_ROUTE_NONE, "", "", NULL},
    /* names that no model can have */
    {"POST", "/v2/models/../infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/..%2f..%2fetc/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a%2fb/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a%00b/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a%/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a%4/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a%zz/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/a b/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/.hidden/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/v2/models/\xc3\xa4/infer", OCK_ROUTE_NONE, "", "", NULL},
    {"POST", "/m/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", OCK_ROUTE_NONE, "", "", NULL},
};

static void every_path_has_its_route(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    const expectation *e = &table[i];
    ock_target t = ock_route_find(e->method, e->path);
    if (t.route != e->route || strcmp(t.route ? t.model : "", e->model) || strcmp(t.route ? t.version : "", e->version))
      fail_msg("%s %s: route %d, model '%s', version '%s'", e->method, e->path, (int)t.route, t.model, t.version);
    if (t.route == OCK_ROUTE_NONE && (e->allow ? !t.allow || strcmp(t.allow, e->allow) : t.allow != NULL))
      fail_msg("%s %s: allows %s", e->method, e->path, t.allow ? t.allow : "nothing");
  }
}

static void numbers_of_requests_are_read(void **state) {
  (void)state;
  assert_int_equal(ock_route_find("GET", "/admin/requests/17").number, 17);
  assert_int_equal(ock_route_find("GET", "/admin/requests/17").route, OCK_ROUTE_REQUEST);
  assert_int_equal(ock_route_find("GET", "/admin/requests/1x").route, OCK_ROUTE_NONE);
  assert_int_equal(ock_route_find("GET", "/admin/requests/99999999999999999999999").route, OCK_ROUTE_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_path_has_its_route),
      cmocka_unit_test(numbers_of_requests_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
