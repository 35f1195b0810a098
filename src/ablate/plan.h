/* SPDX-License-Identifier: Apache-2.0 */
/* Plans from inside: designs that share cells, runs and their numbers, time and power. */
#ifndef OCK_ABLATE_PLAN_H
#define OCK_ABLATE_PLAN_H

#include "ablate/design.h"

/* One design a scale: the largest first made, each smaller one a subset of the next larger. designs: n_scales, zeroed;
 * what was made is the caller's also after a failure. */
ockham_status ock_plan_nest(const ockham_study *study, ockham_design *designs, ockham_error *err);

/* plan->scales[].run_seconds, plan->core_seconds and over_budget from the pilot's runs and plan->runs[].flops. */
ockham_status ock_plan_time(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                            ockham_error *err);
/* What each scale can detect. */
ockham_status ock_plan_weigh(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                             ockham_error *err);

/* ---- power of a two-sided t test ---- */

/* |t| that is exceeded with this probability. */
double ock_t_critical(double alpha, double freedom);
/* That |T| exceeds `critical`, T being noncentral t: the effect is `shift` of its true standard errors. */
double ock_t_power(double shift, double critical, double freedom);
/* The effect, in standard errors, that is found with this power. */
double ock_t_detectable(double alpha, double freedom, double power);

#endif
