# SPDX-License-Identifier: Apache-2.0
"""Print levels_reference.h: what PyTorch makes of small models of every level, written down here once more from the
formulas that ockham/lm.h gives, with weights and batches by formula. test_net_reference.c compares. Needs torch:
python3 levels_reference.py >levels_reference.h"""
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
B, T, S, WIDTH, HIDDEN, V, WINDOW = 2, 9, 7, 8, 16, 304, 3

SETTINGS = """
-
architecture=prefix
architecture=encoder-decoder
architecture=encoder-decoder-halves
norm-place=post
norm-place=output
norm-place=sandwich
norm-place=none
norm=layer
position=learned
position=sinusoidal
position=alibi
position=t5
position=none
ffn=geglu
ffn=reglu
ffn=gelu
ffn=relu
ffn=relu2
ffn=silu
init=t5
init=mup
attention=mqa
attention=gqa heads=4 kv-heads=2
mask=local
mask=strided
mask=alternating
block=parallel
tying=untied
bias=on
qk-norm=on
logit-cap=2
attention-cap=1
z-loss=0.1
experts=4
experts=4 active=2 bias=on
architecture=prefix position=t5 mask=strided
architecture=prefix position=alibi
architecture=encoder-decoder position=t5 attention=mqa mask=local
architecture=encoder-decoder position=alibi block=parallel norm=layer norm-place=sandwich
architecture=encoder-decoder position=learned norm-place=post bias=on qk-norm=on tying=untied logit-cap=3 z-loss=0.1
""".split("\n")[1:-1]


def key_of(name):
    return sum((i + 1) * ord(c) for i, c in enumerate(name)) % 97


def number(i):
    return torch.sin(i + 0.13 * i * i)


class Model:
    def __init__(self, settings):
        self.c = {"heads": "2", "layers": "2", "active": "1", **dict(s.split("=") for s in settings.split() if s != "-")}
        self.weights = {}
        self.loss_besides = 0.0

    def get(self, name, default=None):
        return self.c.get(name, default)

    def is_(self, name, value):
        return self.c.get(name) == value

    # ---- tensors, made when they are first asked for ----
    def tensor(self, name, rows, columns, kind):
        if name not in self.weights:
            i = torch.arange(float(rows * columns)) + key_of(name)
            value = {"matrix": number(i) / math.sqrt(rows), "gain": 1 + 0.1 * number(i), "offset": 0.3 * number(i)}[kind]
            self.weights[name] = value.reshape(rows, columns).requires_grad_()
        return self.weights[name]

    def dense(self, name, rows, columns, x):
        y = x @ self.tensor(name, rows, columns, "matrix")
        return y + self.tensor(name + ".bias", 1, columns, "offset")[0] if self.is_("bias", "on") else y

    def norm(self, name, x):
        gain = self.tensor(name + ".gain", 1, x.shape[-1], "gain")[0]
        if self.is_("norm", "layer"):
            return F.layer_norm(x, x.shape[-1:], gain, self.tensor(name + ".bias", 1, x.shape[-1], "offset")[0], 1e-5)
        return F.rms_norm(x, x.shape[-1:], gain, 1e-6)

    # ---- attention ----
    def allowed(self, encoder, cross, local, prefix, used, rows, columns):
        i, j = torch.arange(rows)[:, None], torch.arange(columns)[None, :]
        masks = []
        for b in range(B):
            m = (j < used[b]).expand(rows, columns) if encoder or cross else (j <= i) | (j < prefix[b])
            if local:
                near = (i - j).abs() < WINDOW
                m = m & (near | ((i - j).abs() % WINDOW == 0) if self.is_("mask", "strided") else near)
            masks.append(m)
        return torch.stack(masks)

    def bias(self, stack, both_ways, rows, columns):
        heads = int(self.c["heads"])
        i, j = torch.arange(rows)[:, None], torch.arange(columns)[None, :]
        if self.is_("position", "alibi"):
            slopes = torch.tensor([2 ** (-8 * (h + 1) / heads) for h in range(heads)])
            return -slopes[:, None, None] * (i - j).abs()
        if not self.is_("position", "t5"):
            return torch.zeros(heads, rows, columns)
        table = self.tensor(stack + ".buckets", 32, heads, "offset")

        def bucket(distance, n):
            exact = n // 2
            if distance < exact:
                return distance
            return min(n - 1, exact + int(math.log(distance / exact) / math.log(128 / exact) * (n - exact)))

        def of(d):  # i - j
            if not both_ways:
                return bucket(max(d, 0), 32)
            return 16 * (d < 0) + bucket(abs(d), 16)

        index = torch.tensor([[of(a - b) for b in range(columns)] for a in range(rows)])
        return table[index].permute(2, 0, 1)

    def attention(self, name, stack, x, memory, mask, cross):
        heads = int(self.c["heads"])
        groups = {"mqa": 1, "gqa": int(self.get("kv-heads", "0"))}.get(self.get("attention"), heads)
        size = WIDTH // heads
        of = memory if cross else x

        def split(y, n):
            return y.reshape(B, -1, n, size)

        q = split(self.dense(name + ".q", WIDTH, WIDTH, x), heads)
        k = split(self.dense(name + ".k", WIDTH, groups * size, of), groups)
        v = split(self.dense(name + ".v", WIDTH, groups * size, of), groups)
        if self.is_("qk-norm", "on"):
            q = F.rms_norm(q, (size,), self.tensor(name + ".q_gain", 1, size, "gain")[0], 1e-6)
            k = F.rms_norm(k, (size,), self.tensor(name + ".k_gain", 1, size, "gain")[0], 1e-6)
        if not cross and self.get("position", "rope") == "rope":
            q, k = self.turn(q), self.turn(k)
        k, v = (y.repeat_interleave(heads // groups, dim=2) for y in (k, v))
        scale = {"t5": 1, "mup": 1 / size}.get(self.get("init"), 1 / math.sqrt(size))
        logits = torch.einsum("bihc,bjhc->bhij", q, k) * scale
        if self.get("attention-cap"):
            c = float(self.c["attention-cap"])
            logits = c * torch.tanh(logits / c)
        if not cross:
            both_ways = stack == "encoder" or self.is_("architecture", "prefix")
            logits = logits + self.bias(stack, both_ways, q.shape[1], k.shape[1])
        logits = logits.masked_fill(~mask[:, None], -math.inf)
        p = torch.softmax(logits, -1).nan_to_num(0.0)  # a place that sees nothing
        y = torch.einsum("bhij,bjhc->bihc", p, v).reshape(B, -1, WIDTH)
        return self.dense(name + ".o", WIDTH, WIDTH, y)

    @staticmethod
    def turn(x):
        half = x.shape[-1] // 2
        angles = torch.arange(float(x.shape[1]))[:, None] * 10000 ** (-torch.arange(float(half)) / half)
        cos, sin = angles.cos()[:, None, :], angles.sin()[:, None, :]
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    # ---- feed-forward ----
    def ffn(self, name, x):
        f = self.get("ffn", "swiglu")
        act = {"swiglu": F.silu, "silu": F.silu, "relu": F.relu, "reglu": F.relu, "relu2": lambda u: F.relu(u) ** 2,
               "gelu": lambda u: F.gelu(u, approximate="tanh"), "geglu": lambda u: F.gelu(u, approximate="tanh")}[f]
        h = self.dense(name + ".in", WIDTH, HIDDEN, x)
        h = act(self.dense(name + ".gate", WIDTH, HIDDEN, x)) * h if f.endswith("glu") else act(h)
        return self.dense(name + ".out", HIDDEN, WIDTH, h)

    def experts(self, name, x):
        n, active = int(self.c["experts"]), int(self.c["active"])
        p = torch.softmax(self.dense(name + ".router", WIDTH, n, x), -1)
        chosen = p.topk(active, -1).indices
        hit = F.one_hot(chosen, n).sum(-2).to(p.dtype)
        share = hit.mean((0, 1)) / active
        self.loss_besides = self.loss_besides + 0.01 * n * (share * p.mean((0, 1))).sum()
        outputs = torch.stack([self.ffn(f"{name}.{e}", x) for e in range(n)], -2)
        return ((p * hit)[..., None] * outputs).sum(-2)

    # ---- layers ----
    def sublayer(self, stack, layer, kind, x, memory, prefix, used):
        name = f"{stack}.{layer}.{kind}"
        if kind == "ffn":
            return self.experts(name, x) if self.get("experts") else self.ffn(name, x)
        mask_name = self.get("mask")
        local = kind == "attention" and (mask_name in ("local", "strided") or (mask_name == "alternating" and layer % 2 == 0))
        columns = S if kind == "cross" else x.shape[1]
        mask = self.allowed(stack == "encoder", kind == "cross", local, prefix, used, x.shape[1], columns)
        return self.attention(name, stack, x, memory, mask, kind == "cross")

    def block(self, stack, layer, kinds, x, memory, prefix, used):
        place = self.get("norm-place", "pre")
        norm_name = f"{stack}.{layer}.{kinds[0]}.norm" if len(kinds) == 1 else f"{stack}.{layer}.norm"
        n = self.norm(norm_name, x) if place in ("pre", "sandwich") else x
        for kind in kinds:
            name = f"{stack}.{layer}.{kind}"
            y = self.sublayer(stack, layer, kind, n, memory, prefix, used)
            if place in ("output", "sandwich"):
                y = self.norm(name + ".norm_after", y)
            if place == "none":
                y = y * self.tensor(name + ".scale", 1, 1, "offset")[0, 0]
            x = x + y
        return self.norm(norm_name, x) if place == "post" else x

    def stack(self, name, tokens, memory, prefix, used):
        x = self.tensor("tokens", V, WIDTH, "matrix")[tokens]
        length = tokens.shape[1]
        if self.is_("position", "learned"):
            x = x + self.tensor(name + ".places", T, WIDTH, "matrix")[:length]
        if self.is_("position", "sinusoidal"):
            m = torch.arange(WIDTH)
            angle = torch.arange(float(length))[:, None] * 10000 ** (-(m // 2 * 2) / WIDTH)
            x = x + torch.where(m % 2 == 0, angle.sin(), angle.cos())
        kinds = ["attention", "cross", "ffn"] if name == "decoder" and memory is not None else ["attention", "ffn"]
        layers = int(self.c["layers"]) // (2 if self.is_("architecture", "encoder-decoder-halves") else 1)
        for layer in range(layers):
            for group in [kinds] if self.is_("block", "parallel") else [[k] for k in kinds]:
                x = self.block(name, layer, group, x, memory, prefix, used)
        return x if self.get("norm-place", "pre") in ("post", "none") else self.norm(name + ".norm", x)

    def logits(self, x):
        scale = 64 / WIDTH if self.is_("init", "mup") else 1
        if self.is_("tying", "untied"):
            y = scale * (x @ self.tensor("head", WIDTH, V, "matrix"))
        else:
            scale = 1 / math.sqrt(WIDTH) if self.is_("init", "t5") else scale
            y = scale * (x @ self.tensor("tokens", V, WIDTH, "matrix").T)
        if self.is_("bias", "on"):
            y = y + self.tensor("head.bias", 1, V, "offset")[0]
        if self.get("logit-cap"):
            c = float(self.c["logit-cap"])
            y = c * torch.tanh(y / c)
        return y

    def run(self):
        i = torch.arange(B * T)
        tokens, targets = ((i * 37 + 11) % 300).reshape(B, T), ((i * 53 + 5) % 300).reshape(B, T)
        targets = torch.where(i.reshape(B, T) % 3 == 0, -100, targets)
        source = ((torch.arange(B * S) * 71 + 3) % 300).reshape(B, S)
        prefix, used = ([4, 2] if self.is_("architecture", "prefix") else [0, 0]), [S, S - 2]
        memory = None
        if self.get("architecture", "").startswith("encoder"):
            memory = self.stack("encoder", source, None, prefix, used)
        logits = self.logits(self.stack("decoder", tokens, memory, prefix, used))
        nll = F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
        z = torch.logsumexp(logits, -1)[targets >= 0]
        besides = self.loss_besides + float(self.get("z-loss", "0")) * (z ** 2).mean()
        (nll + besides).backward()
        print_of = sum((w.grad.reshape(-1) * number(torch.arange(float(w.numel())) + key_of(n) + 1)).sum()
                       for n, w in self.weights.items() if w.grad is not None)
        return [nll, nll + besides, print_of, logits[0, -1, 5], logits[1, -1, 200]]


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by levels_reference.py with PyTorch; levels, mean loss, what is differentiated, the gradient's product with")
    print(" * numbers by formula, two logits. */")
    for settings in SETTINGS:
        values = ", ".join(f"{float(torch.as_tensor(v).detach()):.14g}" for v in Model(settings).run())
        print(f'{{"{settings if settings != "-" else ""}", {{{values}}}}},')


main()
