# SPDX-License-Identifier: Apache-2.0
"""Print losses_reference.h: ten losses of a small default model (causal, RMS norm before each sublayer, RoPE, SwiGLU,
tied head) trained by PyTorch with AdamW, on batches and from weights by formula. test_losses.c trains the same.
Needs torch: python3 losses_reference.py >losses_reference.h"""
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
LAYERS, WIDTH, HEADS, HIDDEN, CONTEXT, ROWS, VOCABULARY, STEPS = 2, 16, 2, 48, 16, 3, 304, 10
RATE, WARMUP, LAST = 0.02, 2, 0.05


def make(name, rows, columns, vector=False):
    """From its name: sines, around 1 for gains."""
    key = sum(name.encode()) % 97 + 1
    i = torch.arange(rows * columns).reshape(rows, columns)
    if vector:
        return torch.nn.Parameter(1 + 0.1 * torch.sin(1.0 * i[0] + key))
    return torch.nn.Parameter(torch.sin(0.1 * key * i + key) / math.sqrt(2 * rows))


weights = {"tokens": make("tokens", VOCABULARY, WIDTH)}
for layer in range(LAYERS):
    for name, rows, columns in [("attention.q", WIDTH, WIDTH), ("attention.k", WIDTH, WIDTH),
                                ("attention.v", WIDTH, WIDTH), ("attention.o", WIDTH, WIDTH),
                                ("ffn.in", WIDTH, HIDDEN), ("ffn.gate", WIDTH, HIDDEN), ("ffn.out", HIDDEN, WIDTH)]:
        name = f"decoder.{layer}.{name}"
        weights[name] = make(name, rows, columns)
    for name in ("attention", "ffn"):
        name = f"decoder.{layer}.{name}.norm.gain"
        weights[name] = make(name, 1, WIDTH, vector=True)
weights["decoder.norm.gain"] = make("decoder.norm.gain", 1, WIDTH, vector=True)


def norm(x, gain):
    return gain * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6)


def turn(x):
    """RoPE: pairs m, m + d_h / 2 of each head."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * 10000.0 ** (-2 * torch.arange(half) / x.shape[-1])
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * torch.cos(angle) - b * torch.sin(angle), a * torch.sin(angle) + b * torch.cos(angle)], -1)


def attention(x, at):
    rows, length, _ = x.shape
    q, k, v = ((x @ weights[at + "." + n]).reshape(rows, length, HEADS, -1).transpose(1, 2) for n in "qkv")
    scores = turn(q) @ turn(k).transpose(-1, -2) / math.sqrt(WIDTH / HEADS)
    seen = torch.tril(torch.ones(length, length, dtype=torch.bool))
    mixed = torch.softmax(scores.masked_fill(~seen, -math.inf), -1) @ v
    return mixed.transpose(1, 2).reshape(rows, length, WIDTH) @ weights[at + ".o"]


def loss_of(tokens, targets):
    x = weights["tokens"][tokens]
    for layer in range(LAYERS):
        at = f"decoder.{layer}.attention"
        x = x + attention(norm(x, weights[at + ".norm.gain"]), at)
        at = f"decoder.{layer}.ffn"
        h = norm(x, weights[at + ".norm.gain"])
        x = x + (F.silu(h @ weights[at + ".gate"]) * (h @ weights[at + ".in"])) @ weights[at + ".out"]
    logits = norm(x, weights["decoder.norm.gain"]) @ weights["tokens"].T
    return F.cross_entropy(logits.reshape(-1, VOCABULARY), targets.reshape(-1))


def batch(step):
    b, t = torch.arange(ROWS)[:, None], torch.arange(CONTEXT + 1)[None]
    text = 65 + (7 * b + 3 * t * t + 5 * step + t * step) % 50
    return text[:, :-1], text[:, 1:]


matrices = [w for name, w in weights.items() if not name.endswith("gain")]
vectors = [w for name, w in weights.items() if name.endswith("gain")]
optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
                              betas=(0.9, 0.95), eps=1e-8)
losses, norms = [], []
for step in range(STEPS):
    part = (step - WARMUP + 1) / (STEPS - WARMUP)
    rate = RATE * ((step + 1) / WARMUP if step < WARMUP else LAST + (1 - LAST) * (1 + math.cos(math.pi * part)) / 2)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss = loss_of(*batch(step))
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(matrices + vectors, 1.0).item())
    losses.append(loss.item())
    optimizer.step()

print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Written by losses_reference.py with torch {torch.__version__}. */")
for name, values in (("reference_losses", losses), ("reference_norms", norms)):
    print(f"static const double {name}[] = {{")
    for at in range(0, STEPS, 5):
        print("    " + ", ".join(f"{v:.12g}" for v in values[at:at + 5]) + ",")
    print("};")
