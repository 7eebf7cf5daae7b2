"""Tokenises captions and encodes every picture once.

    python prepare.py --data DATA --out RUN --tokens      # RUN/tokens.npy, uint16 [N, captions, 77]
    python prepare.py --data DATA --out RUN --latents     # RUN/latents.npy, f16 [N, 16, 16, 16], the means

The number of latents finished is kept in RUN/latents_ready, so that the training may start before the last is done and
an interrupted run goes on where it was. `--shard 1/2` and `--shard 2/2` let two processes share the work.
"""

import argparse
import pathlib
import time

from common import DEVICE, autocast, fuse, to_tensor

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

import captions
from packs import Pack
from render import describe


def tokens(args, data):
    tokenizer = CLIPTokenizer.from_pretrained(args.out / "tokenizer")
    n, texts = len(data), []
    for i in range(n):
        spec = describe(data.seed(i))
        texts += [captions.caption(spec, np.random.default_rng([data.seed(i), 3, j])) for j in range(args.captions)]
    ids = np.concatenate([np.array(tokenizer(texts[i:i + 5000], padding="max_length", truncation=True, max_length=77).input_ids, np.uint16)
                          for i in range(0, len(texts), 5000)])
    longest = (ids != ids[0, -1]).sum(1) + 1
    print("longest caption:", int(longest.max()), "tokens; over 32:", int((longest > 32).sum()), "of", len(longest))
    np.save(args.out / "tokens.npy", ids.reshape(n, args.captions, 77))


@torch.no_grad()
def latents(args, data):
    shard, shards = (int(v) for v in args.shard.split("/"))
    a, b = len(data) * (shard - 1) // shards, len(data) * shard // shards
    path, ready = args.out / "latents.npy", args.out / (f"latents_ready{shard}" if shards > 1 else "latents_ready")
    done = int(ready.read_text()) if ready.exists() else a
    if shard > 1:
        while not path.exists():
            time.sleep(1)
        time.sleep(5)
    elif not path.exists():
        np.lib.format.open_memmap(path, "w+", np.float16, (len(data), 16, 16, 16)).flush()
    store = np.load(path, mmap_mode="r+")
    if len(store) != len(data):
        raise SystemExit(f"{path} holds {len(store)} pictures, the data {len(data)}: delete it and {ready}")
    vae = fuse(AutoencoderKL.from_pretrained(args.out / "vae")).to(DEVICE, memory_format=torch.channels_last).eval()
    vae.quant_conv.float()
    size = 16 if DEVICE.type == "cpu" else 256
    t = time.time()
    for i in range(done, b, size):
        x = to_tensor(np.stack([data[k] for k in range(i, min(b, i + size))])).contiguous(memory_format=torch.channels_last)
        with autocast():
            z = vae.encode(x).latent_dist.mean
        store[i:i + len(z)] = (z.float() * vae.config.scaling_factor).cpu().numpy()
        ready.write_text(str(min(b, i + size)))
        if i // size % 50 == 49:
            print(f"{i + size} of {b}, {(i + size - done) / (time.time() - t):.1f} a second", flush=True)
    store.flush()
    z = store[a:b:17].astype(np.float32)
    print("latent mean", z.mean((0, 2, 3)).round(2), "deviation", z.std((0, 2, 3)).round(2))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--captions", type=int, default=6)
    ap.add_argument("--count", type=int, help="use only the first pictures")
    ap.add_argument("--shard", default="1/1")
    ap.add_argument("--tokens", action="store_true")
    ap.add_argument("--latents", action="store_true")
    args = ap.parse_args()
    data = Pack(args.data, args.count)
    if args.tokens:
        tokens(args, data)
    if args.latents:
        latents(args, data)


if __name__ == "__main__":
    main()
