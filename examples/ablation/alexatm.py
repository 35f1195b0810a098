#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AlexaTM 20B beside GPT-3 175B: parameters, tokens and compute, counted from the shapes that their papers state.

AlexaTM 20B: Soltan et al., 2022 (arXiv:2208.01448): 46 encoder and 32 decoder layers, width 4096, hidden width 4 x 4096, a
vocabulary of 150,000 that is tied nowhere, 500,000 updates of 2 million tokens, the encoder frozen for the first 100,000.
GPT-3 175B: Brown et al., 2020 (arXiv:2005.14165): 96 layers, width 12288, hidden width 4 x 12288, a vocabulary of 50,257,
300 billion tokens.
Compute counts products with weights (2 operations a weight forward, 4 backward) and leaves attention's own out, which is
some percent of either.
The law of the loss is Hoffmann et al.'s (2022) with the parameters of Besiroglu et al.'s replication (2024,
arXiv:2404.10102): of decoders on the text of Hoffmann et al., so what it says of these two is what to expect of their sizes
alone."""

BILLION, TRILLION = 1e9, 1e12


E, A, B, ALPHA, BETA = 1.8172, 482.01, 2085.43, 0.3478, 0.3658


def loss(parameters, tokens):
    return E + A / parameters**ALPHA + B / tokens**BETA


def best_loss(compute):
    """With 6 x parameters x tokens = compute, and the best of both."""
    ratio = (ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA))
    parameters = ratio * (compute / 6) ** (BETA / (ALPHA + BETA))
    return loss(parameters, compute / 6 / parameters)


def least_compute(wanted):
    low, high = 1e18, 1e28
    while high / low > 1.0001:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if best_loss(middle) > wanted else (low, middle)
    return low


def weights(width, attentions):
    """Of a layer: four square matrices an attention, and two of width x 4 width."""
    return (4 * attentions + 8) * width * width


def show(*row):
    print(f"{row[0]:<34}{row[1]:>16}{row[2]:>16}{row[3]:>10}")


def main():
    encoder, decoder, table = 46 * weights(4096, 1), 32 * weights(4096, 2), 150_000 * 4096
    alexa = encoder + decoder + 3 * table  # tables of encoder and decoder, and the head
    gpt = 96 * weights(12288, 1) + (50_257 + 2_048) * 12288

    # A token passes the encoder or the decoder. Denoising reads 85 % of a text and writes all of it, so that of 1.85 tokens
    # .85 pass the encoder; whether the 2 million tokens of an update count a text once (most) or both ways (least) the paper
    # does not say. While the encoder is frozen it runs forward only: 2 of 6.
    thawed = 0.8 + 0.2 / 3
    once = 6 * TRILLION * (0.85 * encoder * thawed + decoder + table)
    both = once / 1.85
    upper = 6 * TRILLION * alexa
    gpt_compute = 6 * 0.3 * TRILLION * (gpt - 2_048 * 12288)

    show("", "AlexaTM 20B", "GPT-3 175B", "GPT-3 is")
    show("parameters", f"{alexa / BILLION:.2f} B", f"{gpt / BILLION:.1f} B", f"{gpt / alexa:.1f} x")
    show("tokens", "1,000 B", "300 B", f"{0.3:.1f} x")
    show("tokens a parameter", f"{TRILLION / alexa:.0f}", f"{0.3 * TRILLION / gpt:.1f}", "")
    show("compute, 6 x parameters x tokens", f"{upper:.1e}", f"{gpt_compute:.1e}", f"{gpt_compute / upper:.1f} x")
    show("  each token through its own stack", f"{once:.1e}", "", f"{gpt_compute / once:.1f} x")
    show("  and texts counted both ways", f"{both:.1e}", "", f"{gpt_compute / both:.1f} x")
    losses = loss(alexa, TRILLION), loss(gpt, 0.3 * TRILLION)
    least = [least_compute(one) for one in losses]
    show("loss to expect of size and tokens", *(f"{one:.3f}" for one in losses), "")
    show("  the least compute for it", *(f"{one:.1e}" for one in least), f"{least[1] / least[0]:.1f} x")


if __name__ == "__main__":
    main()
