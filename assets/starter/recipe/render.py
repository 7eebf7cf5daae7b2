"""Draws the training pictures: 256x256, the same for the same description and seed.

    python render.py --sheet sheet.png                        # look at 64 random pictures
    python render.py --sheet sheet.png --fix style=paper      # ... of one kind
    python render.py --count 40000 --out DATA                 # the training set, in packs of 500 JPEGs
"""

import argparse
import multiprocessing
import pathlib
import time

import numpy as np
from PIL import Image

import captions
from paint import TIMES, Pen
from scenes import Scene
from styles import finish


def draw(spec, seed):
    """The picture of a description (`captions.random_spec`) as uint8 [256, 256, 3]."""
    rng = np.random.default_rng([seed, 77])
    light = dict(TIMES[spec.get("time", "noon")])
    shift = rng.uniform(0.95, 1.05, 3)
    light["sky"] = [tuple(v * s for v, s in zip(c, shift)) for c in light["sky"]]
    pen = Pen(spec["style"], rng, light)
    pen.time = spec.get("time", "noon")
    Scene(pen, spec).paint()
    return finish(pen, rng)


def describe(seed, fixed=None, split="train"):
    return captions.random_spec(np.random.default_rng([seed, 1]), fixed, split)


def one(job):
    seed, fixed, split = job
    return draw(describe(seed, fixed, split), seed)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--sheet", type=pathlib.Path)
    ap.add_argument("--columns", type=int, default=8)
    ap.add_argument("--rows", type=int, default=8)
    ap.add_argument("--scale", type=float, default=0.5, help="size of the pictures on the sheet")
    ap.add_argument("--fix", nargs="*", default=[], help="name=value pairs that every description gets, e.g. style=ink subject=cat")
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--count", type=int, default=40000)
    ap.add_argument("--first-seed", type=int, default=1_000_000)
    ap.add_argument("--split", default="train", choices=["train", "held_out"])
    ap.add_argument("--workers", type=int, default=1)
    args = ap.parse_args()
    fixed = dict(p.split("=") for p in args.fix)
    fixed = {k: int(v) if v.isdigit() else None if v == "none" else v for k, v in fixed.items()}
    if args.sheet:
        from common import sheet
        t = time.time()
        specs = [describe(args.first_seed + i, fixed, args.split) for i in range(args.columns * args.rows)]
        pictures = np.stack([draw(s, args.first_seed + i) for i, s in enumerate(specs)])
        print(f"{(time.time() - t) / len(pictures) * 1000:.1f} ms a picture")
        side = int(256 * args.scale)
        small = np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.LANCZOS)) for p in pictures])
        Image.fromarray(sheet(small, args.columns)).save(args.sheet)
        for i, s in enumerate(specs):
            print(i // args.columns, i % args.columns, captions.caption(s, np.random.default_rng([args.first_seed + i, 3])))
        return
    from packs import Writer
    with multiprocessing.Pool(args.workers) as pool:
        writer = Writer(args.out, args.first_seed)
        jobs = ((args.first_seed + i, fixed, args.split) for i in range(writer.done, args.count))
        t = time.time()
        for i, picture in enumerate(pool.imap(one, jobs, 16)):
            writer.add(picture)
            if (i + 1) % 500 == 0:
                print(f"{writer.done} pictures, {(i + 1) / (time.time() - t):.1f} a second", flush=True)
        writer.close()


if __name__ == "__main__":
    main()
