# SPDX-License-Identifier: Apache-2.0
"""A trainer that is not Ockham's, for anybody.yaml: the standard library alone, a few seconds a run. A target of four
inputs is learned by `width` random Fourier features whose weights are found by SGD (Rahimi & Recht, NIPS 2007)."""
import argparse
import math
import random

INPUTS, EXAMPLES, HELD = 4, 6000, 500


def target(x):
    return math.sin(2 * x[0]) + x[1] * math.cos(x[2]) + 0.5 * x[3]


def example(rng):
    x = [rng.gauss(0, 1) for _ in range(INPUTS)]
    return x, target(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warmup", type=float, default=0)  # part of the steps
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    o = parser.parse_args()
    rng = random.Random(o.seed)
    drawn = random.Random(0)  # a wider model has the features of a narrower one
    maps = [([drawn.gauss(0, 1) for _ in range(INPUTS)], drawn.uniform(0, 2 * math.pi)) for _ in range(o.width)]
    scale = math.sqrt(2 / o.width)

    def features(x):
        return [scale * math.cos(w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3] + b) for w, b in maps]

    weights = [0.0] * o.width
    n_steps = EXAMPLES * o.width // 32 // o.batch  # a wider model sees more, as scales of compute have it
    for step in range(n_steps):
        rate = o.rate * min(1, (step + 1) / (o.warmup * n_steps + 1)) * (1 - step / n_steps)
        gradient = [0.0] * o.width
        for _ in range(o.batch):
            x, y = example(rng)
            f = features(x)
            error = sum(w * v for w, v in zip(weights, f)) - y
            gradient = [g + error * v / o.batch for g, v in zip(gradient, f)]
        weights = [w - rate * g for w, g in zip(weights, gradient)]
    held = random.Random(1)  # the same for every run
    total = 0.0
    for _ in range(HELD):
        x, y = example(held)
        total += (sum(w * v for w, v in zip(weights, features(x))) - y) ** 2
    flops = n_steps * o.batch * o.width * (2 * INPUTS + 6)
    print(f"METRIC loss={total / HELD} flops={flops} parameters={o.width}")


if __name__ == "__main__":
    main()
