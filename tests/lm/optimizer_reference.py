# SPDX-License-Identifier: Apache-2.0
"""Print optimizer_reference.h: what PyTorch's optimisers and schedules, and numpy's singular values, make of the little
problem in test_optimizer.c. Needs torch and numpy: python3 optimizer_reference.py >optimizer_reference.h"""
import numpy
import torch

N_STEPS, PEAK, LAST = 12, 2, 0.05  # three steps of warm-up: the rate is highest in step 2
SHAPES = {"matrix": (6, 4), "wide": (3, 8), "vector": (1, 5)}
torch.set_default_dtype(torch.float64)


def first_weights():
    return [torch.nn.Parameter(torch.tensor([numpy.sin(1 + i + 7 * t) / 2 for i in range(r * c)]).reshape(r, c))
            for t, (r, c) in enumerate(SHAPES.values())]


def set_gradients(weights, step):
    """So that weights matter to what follows."""
    for t, w in enumerate(weights):
        i = torch.arange(w.numel()).reshape(w.shape)
        w.grad = torch.cos(0.7 * i + step + 3 * t) + 0.3 * w.detach()


def show(name, values):
    print(f"static const double {name}[] = {{")
    for at in range(0, len(values), 5):
        print("    " + ", ".join(f"{v:.12g}" for v in values[at:at + 5]) + ",")
    print("};")


def flat(weights):
    return [x for w in weights for x in w.detach().flatten().tolist()]


def rates(kind, rate):
    """Of each step, by torch's own schedulers from the peak on."""
    holder = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    after = N_STEPS - 1 - PEAK
    scheduler = {"cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(holder, after, eta_min=LAST * rate),
                 "linear": lambda: torch.optim.lr_scheduler.LinearLR(holder, 1.0, LAST, after),
                 "constant": lambda: torch.optim.lr_scheduler.ConstantLR(holder, 1.0)}[kind]()
    values = [rate * (s + 1) / (PEAK + 1) for s in range(PEAK)]
    while len(values) < N_STEPS:
        values.append(scheduler.get_last_lr()[0])
        holder.step()
        scheduler.step()
    return values


def run(make, rate, decays, clip=None, norms=None):
    weights = first_weights()
    groups = [{"params": weights[:2], "weight_decay": decays}, {"params": weights[2:], "weight_decay": 0.0}]
    optimizer = make(groups)
    for step, lr in enumerate(rates("cosine", rate)):
        set_gradients(weights, step)
        norm = torch.nn.utils.clip_grad_norm_(weights, clip) if clip else torch.tensor(0.0)
        if norms is not None:
            norms.append(norm.item())
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
    return flat(weights)


def orthogonal(x):
    """By the singular values alone: x = U S V' becomes U p(p(p(p(p(S / |S|))))) V'."""
    u, s, v = numpy.linalg.svd(x, full_matrices=False)
    s = s / numpy.linalg.norm(s)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u @ numpy.diag(s) @ v


def run_muon(rate, decay):
    """Matrices by the definition, the vector by torch's AdamW, at .003 / .02 of the rate (and of the decay's)."""
    weights = first_weights()
    adam = torch.optim.AdamW(weights[2:], betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0)
    velocities = [numpy.zeros(w.shape) for w in weights[:2]]
    for step, lr in enumerate(rates("cosine", rate)):
        set_gradients(weights, step)
        for group in adam.param_groups:
            group["lr"] = lr * 0.003 / 0.02
        adam.step()
        for w, v in zip(weights[:2], velocities):
            g = w.grad.numpy()
            v[:] = 0.95 * v + 0.05 * g
            update = orthogonal(0.95 * v + 0.05 * g) * max(1, w.shape[1] / w.shape[0]) ** 0.5
            w.data = w.data * (1 - lr * 0.003 / 0.02 * decay) - lr * torch.tensor(update)
    return flat(weights)


norms = []
adamw = run(lambda groups: torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-8), 0.01, 0.1)
clipped = run(lambda groups: torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-8), 0.01, 0.1, 2.0, norms)
sgd = run(lambda groups: torch.optim.SGD(groups, lr=1.0, momentum=0.9), 0.05, 0.0)
print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Written by optimizer_reference.py with torch {torch.__version__} and numpy {numpy.__version__}. */")
for kind in ("cosine", "linear", "constant"):
    show(f"rates_{kind}", rates(kind, 0.01))
show("after_adamw", adamw)
show("after_clipped", clipped)
show("norms_clipped", norms)
show("after_sgd", sgd)
show("after_muon", run_muon(0.02, 0.1))
