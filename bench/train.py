# SPDX-License-Identifier: Apache-2.0
"""How long does a step of training take? The same GPT-2 (pre-norm, learned positions, GELU, biases, tied) in float32 on one core by
ockham, PyTorch and llm.c, at four sizes, one after the other in each round. Writes train.md.

llm.c is not in a registry: $LLMC names a checkout of it (without: it is left out). --seconds a measurement, --rounds over all."""
import argparse
import json
import os
import pathlib
import sys
import tempfile

from parts import machine

HERE = pathlib.Path(__file__).resolve().parent
SHAPES = [(2, 64, 2), (4, 128, 4), (6, 192, 6), (8, 320, 5)]  # layers, width, heads
CONTEXT, SEQUENCES, VOCABULARY = 128, 8, 256
GPT2 = ["norm-place=pre", "norm=layer", "position=learned", "ffn=gelu", "init=gpt2", "tying=tied", "bias=on", "tokens=byte"]
MODERN = ["norm-place=pre", "norm=rms", "position=rope", "ffn=swiglu", "tying=tied"]
OURS, OURS_BF16, LLMC = "ockham", "ockham, bf16 products", "llm.c"
TORCH, COMPILED = "PyTorch", "PyTorch, compiled"
ONE_CORE = machine.environment(1) | {"CUDA_VISIBLE_DEVICES": ""}


def library():
    build = pathlib.Path(os.environ["OCKHAM"]).resolve().parent
    return [str(build / "libockham.so"), f"-Wl,-rpath,{build}", "-lm"]


# ---- a measurement: milliseconds of processor time a step, and what else is known ----


def by_ockham(program, shape, seconds, levels):
    layers, width, heads = shape
    sizes = [f"layers={layers}", f"width={width}", f"heads={heads}", f"context={CONTEXT}", f"batch={CONTEXT * SEQUENCES}"]
    result = json.loads(machine.output_of([program, str(seconds), *levels, *sizes], env=ONE_CORE))
    return result["ms_a_step"], result


def arguments_of(shape):
    return [*map(str, (*shape, CONTEXT, SEQUENCES, VOCABULARY))]


def by_torch(shape, seconds, *how):
    command = [sys.executable, str(HERE / "parts" / "train_torch.py"), *arguments_of(shape), str(seconds), *how]
    return float(machine.output_of(command, env=ONE_CORE).split()[0]), None


def by_llmc(program, shape, seconds, folder):
    command = [program, *arguments_of(shape), str(seconds), f"{folder}/weights"]
    return float(machine.output_of(command, env=ONE_CORE | {"OMP_NUM_THREADS": "1"}, cwd=folder).splitlines()[-1].split()[0]), None


def contenders(folder):
    speed = machine.compile_c("train_speed.c", f"{folder}/speed", f"-I{machine.ROOT / 'include'}", *library(), "-ldl", "-march=native")
    found = {OURS: lambda shape, s: by_ockham(speed, shape, s, GPT2), TORCH: by_torch,
             COMPILED: lambda shape, s: by_torch(shape, s, "compile")}
    if "LLMC" in os.environ:
        llmc = machine.compile_c("train_llmc.c", f"{folder}/llmc", f"-I{os.environ['LLMC']}", "-march=native", "-fno-finite-math-only",
                                 "-Ofast", "-fopenmp", "-lm")
        found[LLMC] = lambda shape, s: by_llmc(llmc, shape, s, folder)
    found[OURS_BF16] = lambda shape, s: by_ockham(speed, shape, s, [*GPT2, "precision=bf16"])
    found["modern"] = lambda shape, s: by_ockham(speed, shape, s, MODERN)
    return found


def run_all(seconds, rounds):
    """{(shape, name): [(ms, more) a round]}"""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        all_of_them = contenders(folder)
        for round_ in range(rounds):
            for shape in SHAPES:
                for name, measure in all_of_them.items():
                    if name == LLMC and round_ >= 2:  # it takes most of the time, and the gap is wide
                        continue
                    print(f"\r\033[Kround {round_ + 1} of {rounds}, {shape[0]} x {shape[1]}, {name}", end="", file=sys.stderr, flush=True)
                    try:
                        results.setdefault((shape, name), []).append(measure(shape, seconds))
                    except RuntimeError as err:
                        print(f"\n{name}: {err}", file=sys.stderr)
        print(file=sys.stderr)
    return results


# ---- the page ----


def least(results, shape, name):
    return min((ms for ms, _ in results.get((shape, name), [])), default=None)


def ratio_of(results, shape, name):
    theirs = least(results, shape, name)
    return theirs and theirs / least(results, shape, OURS)


def more(results, shape, name, key):
    """Of the fastest round."""
    return min(results[shape, name], key=lambda one: one[0])[1][key]


def say(value, form="{:.2f}"):
    return "–" if value is None else form.format(value)


def page(results, about):
    names = [n for n in (OURS, TORCH, COMPILED, LLMC) if any((s, n) in results for s in SHAPES)]
    yield "# A step of training\n"
    yield (f"The same GPT-2 (pre-norm LayerNorm, learned positions, GELU, biases, tied, vocabulary {VOCABULARY}) by each, float32, one core, "
           f"{SEQUENCES} sequences of {CONTEXT} tokens a step: forward, backward, clipping, AdamW. Milliseconds of processor time, the least of all "
           "rounds: from one process to the next it differs by a third on a machine that others share.\n")
    yield "| layers × width | parameters | " + " | ".join(names) + " | " + " | ".join(f"{n} / ockham" for n in names[1:]) + " |"
    yield "|---|---|" + "---|" * (2 * len(names) - 1)
    for shape in SHAPES:
        cells = [say(least(results, shape, n), "{:.3g} ms") for n in names] + [say(ratio_of(results, shape, n), "{:.2f}×") for n in names[1:]]
        yield f"| {shape[0]} × {shape[1]} | {more(results, shape, OURS, 'parameters') / 1e6:.2f} M | " + " | ".join(cells) + " |"
    yield "\n## Of what the products alone could do\n"
    yield ("Rates in 10⁹ operations a second, all operations of a step counted by `ockham_lm_cost_of()` (masked pairs are not); sgemm: OpenBLAS, "
           "512 × 512 × 512, best of 30 in the same process; core: multiply-adds of registers alone. Modern: RMS norm, rotary positions, SwiGLU.\n")
    yield "| layers × width | core | sgemm | GPT-2 | part | modern | part | GPT-2, bf16 products | as fast as float32 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for shape in SHAPES:
        g, m, b = OURS, "modern", OURS_BF16
        bf16 = (say(more(results, shape, b, "gflops"), "{:.0f}"), say(1 / ratio_of(results, shape, b), "{:.2f}×")) if (shape, b) in results else ("–", "–")
        yield (f"| {shape[0]} × {shape[1]} | {more(results, shape, g, 'peak'):.0f} | {more(results, shape, g, 'sgemm'):.0f} | {more(results, shape, g, 'gflops'):.0f} | "
               f"{100 * more(results, shape, g, 'part_of_sgemm'):.0f} % | {more(results, shape, m, 'gflops'):.0f} | "
               f"{100 * more(results, shape, m, 'part_of_sgemm'):.0f} % | {bf16[0]} | {bf16[1]} |")
    yield f"\n{about['cpu']}, {about['cores']} cores, {about['caches']}, load {about['load']:.1f} at the end. {about['ockham']}, commit {about['commit']}."
    yield f"PyTorch {machine.version_of('torch')}; {about['date']}. `{about['command']}`\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", default=str(HERE / "train.md"))
    asked = parser.parse_args()
    results = run_all(asked.seconds, asked.rounds)
    llmc = "LLMC=… " if "LLMC" in os.environ else ""
    about = machine.describe() | {"command": f"{llmc}bench/run train --seconds {asked.seconds:g} --rounds {asked.rounds}"}
    pathlib.Path(asked.output).write_text("\n".join(page(results, about)))


main()
