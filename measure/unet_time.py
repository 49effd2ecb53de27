"""Where the pocket model's U-Net spends its time, by kind of layer: docs/measured/unet_time.json.

    python -m measure.unet_time          (about a minute)

Shares of the processor's own time, with one thread: a busy machine slows the clock, but hardly the shares.
The median of many calls, for one picture and for sixteen at once. "everything else" is what lies between
these layers: adding, normalising before attention, joining the skips, and Python.
"""

import re
import statistics
import time

import torch

from helpers.lesson.measured import save_measured
from helpers.models import POCKET, load_components
from helpers.seeding import generator

# The same patterns as in notebook 04, section 8.
KINDS = {
    "convolutions": r"(resnets|samplers)\.\d+$|conv_in$|conv_out$|proj_(in|out)$",
    "self-attention": r"attn1$",
    "cross-attention": r"attn2$",
    "feed-forward": r"ff$",
}
CALLS = 60


def time_shares(unet, pictures):
    """{kind of layer: its share of the time of one call}, for so many pictures at once."""
    spent, started = dict.fromkeys(KINDS, 0.0), {}

    def begin(layer, _):
        started[layer] = time.process_time_ns()

    def end(kind):
        def hook(layer, _, __):
            spent[kind] += time.process_time_ns() - started[layer]

        return hook

    hooks = []
    for name, layer in unet.named_modules():
        for kind, pattern in KINDS.items():
            if re.search(pattern, name):
                hooks += [layer.register_forward_pre_hook(begin), layer.register_forward_hook(end(kind))]

    config = unet.config
    latents = torch.randn(
        pictures, config.in_channels, config.sample_size, config.sample_size, generator=generator(0)
    )
    text = torch.randn(pictures, 77, config.cross_attention_dim, generator=generator(1))
    shares = []
    for _ in range(CALLS):
        spent.update(dict.fromkeys(KINDS, 0.0))
        start = time.process_time_ns()
        unet(latents, 500, encoder_hidden_states=text)
        whole = time.process_time_ns() - start
        shares.append({kind: each / whole for kind, each in spent.items()})
    for hook in hooks:
        hook.remove()

    middle = {kind: statistics.median(each[kind] for each in shares[5:]) for kind in KINDS}  # 5 to warm up
    return middle | {"everything else": 1 - sum(middle.values())}


def main():
    torch.set_num_threads(1)
    unet = load_components(POCKET, "cpu", torch.float32).unet
    save_measured("unet_time", {str(pictures): time_shares(unet, pictures) for pictures in (1, 16)})


if __name__ == "__main__":
    main()
