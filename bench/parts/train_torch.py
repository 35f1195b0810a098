# SPDX-License-Identifier: Apache-2.0
"""A step of the same GPT-2 by PyTorch on one thread: layers, width, heads, context, sequences, vocabulary, seconds to
measure for; and "compile": the model by torch.compile. Prints the mean milliseconds of processor time of a step after
the first two. Fused attention, fused AdamW."""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, WIDTH, HEADS, CONTEXT, SEQUENCES, VOCABULARY = map(int, sys.argv[1:7])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.o = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = (y.view(b, t, HEADS, WIDTH // HEADS).transpose(1, 2) for y in self.qkv(self.norm1(x)).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, x, y):
        h = self.norm(self.blocks(self.tokens(x) + self.places.weight))
        return F.cross_entropy((h @ self.tokens.weight.T).flatten(0, 1), y.flatten())


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Model()
    step = torch.compile(model) if sys.argv[8:] == ["compile"] else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    tokens = torch.randint(0, 64, (SEQUENCES, CONTEXT + 1))
    n, start = -2, time.process_time()
    while n < 3 or time.process_time() - start < float(sys.argv[7]):
        optimizer.zero_grad(set_to_none=True)
        step(tokens[:, :-1], tokens[:, 1:]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        n += 1
        if n == 0:
            start = time.process_time()
    print(f"{1e3 * (time.process_time() - start) / n:.4f} {torch.__version__}")


main()
