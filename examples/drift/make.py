# SPDX-License-Identifier: Apache-2.0
"""Orders of a shop, with a change that is known: writes spring.csv and summer.csv beside this file.

In summer.csv, from row 801 on, one order in seven is of a population that was not there in spring (caterers with
baskets of some 30 items, mostly from Bergen, where the shop has just opened), and every parcel takes 0.4 days longer.
"""

import random
from pathlib import Path

# age, basket, items and their deviations; towns by weight
REGULARS = dict(age=(47, 8), basket=(82, 14), items=(6, 1.2), towns=dict(Oslo=5, Turku=3, Malmo=2))
FAMILIES = dict(age=(36, 4), basket=(140, 22), items=(11, 1.8), towns=dict(Oslo=3, Turku=3, Malmo=4))
STUDENTS = dict(age=(23, 2), basket=(38, 7), items=(3, 0.8), towns=dict(Oslo=6, Turku=3, Malmo=1))
CATERERS = dict(age=(44, 6), basket=(420, 40), items=(31, 3), towns=dict(Bergen=8, Oslo=2))
CHANGE = 800


def order(rng, population, delay):
    age, basket, items = (rng.gauss(*population[name]) for name in ("age", "basket", "items"))
    town = rng.choices(list(population["towns"]), population["towns"].values())[0]
    days = rng.gammavariate(6, 0.4) + delay
    coupon = "" if rng.random() < 0.03 else f"{rng.betavariate(2, 8):.3f}"
    return f"{max(age, 18):.0f},{max(basket, 1):.2f},{max(round(items), 1)},{town},{days:.2f},{coupon}"


def orders(rng, n, changed):
    for i in range(n):
        after = changed and i >= CHANGE
        known = rng.choices([REGULARS, FAMILIES, STUDENTS], [5, 3, 2])[0]
        yield order(rng, CATERERS if after and rng.random() < 1 / 7 else known, 0.4 if after else 0)


def write(name, seed, n, changed):
    rows = orders(random.Random(seed), n, changed)
    text = "\n".join(["age,basket,items,town,days,coupon", *rows]) + "\n"
    (Path(__file__).parent / name).write_text(text)


write("spring.csv", 1, 3000, changed=False)
write("summer.csv", 2, 1600, changed=True)
