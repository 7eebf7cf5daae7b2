"""Encodes every picture to latents once and tokenises several captions for each.

    python prepare.py --data DATA --out RUN --tokens      # RUN/tokens.npy, uint16 [N, captions, 77]
    python prepare.py --data DATA --out RUN --latents     # RUN/latents.npy, f16 [N, 8, 16, 16]: scaled mean and deviation

The number of latents finished is kept in RUN/latents_ready, so that the training may start before the last is done.
"""

import argparse
import pathlib

from common import autocast, to_tensor

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

import captions


def tokens(args, n):
    tokenizer = CLIPTokenizer.from_pretrained(args.out / "tokenizer")
    texts = []
    for i in range(n):
        spec = captions.random_spec(np.random.default_rng([args.first_seed + i, 1]))
        texts += [captions.caption(spec, np.random.default_rng([args.first_seed + i, 3, j])) for j in range(args.captions)]
    ids = np.concatenate([np.array(tokenizer(texts[i:i + 5000], padding="max_length", truncation=True, max_length=77).input_ids, np.uint16)
                          for i in range(0, len(texts), 5000)])
    print("longest caption:", int((ids != ids[0, -1]).sum(1).max()) + 1, "tokens")
    np.save(args.out / "tokens.npy", ids.reshape(n, args.captions, 77))


@torch.no_grad()
def latents(args, pictures):
    n, path, ready = len(pictures), args.out / "latents.npy", args.out / "latents_ready"
    done = int(ready.read_text()) if ready.exists() else 0
    if not done:
        np.lib.format.open_memmap(path, "w+", np.float16, (n, 8, 16, 16)).flush()
    store = np.load(path, mmap_mode="r+")
    vae = AutoencoderKL.from_pretrained(args.out / "vae").to(memory_format=torch.channels_last).eval()
    for i in range(done, n, 32):
        x = to_tensor(pictures[i:i + 32]).contiguous(memory_format=torch.channels_last)
        with autocast():
            d = vae.encode(x).latent_dist
        store[i:i + 32] = torch.cat([d.mean.float(), d.std.float()], 1).mul(vae.config.scaling_factor).numpy()
        ready.write_text(str(min(n, i + 32)))
    store.flush()
    z = store[::7, :4].astype(np.float32)
    print("latent mean", z.mean((0, 2, 3)), "deviation", z.std((0, 2, 3)), "noise", store[::7, 4:].astype(np.float32).mean((0, 2, 3)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--first-seed", type=int, default=1_000_000, help="as in render.py")
    ap.add_argument("--captions", type=int, default=5)
    ap.add_argument("--count", type=int, help="use only the first pictures")
    ap.add_argument("--tokens", action="store_true")
    ap.add_argument("--latents", action="store_true")
    args = ap.parse_args()
    pictures = np.load(args.data / "pictures.npy", mmap_mode="r")[:args.count]
    if args.tokens:
        tokens(args, len(pictures))
    if args.latents:
        latents(args, pictures)


if __name__ == "__main__":
    main()
