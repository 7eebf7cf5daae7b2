"""Draws an uncurated contact sheet: picture k of prompt p always comes from seed `--seed` + its place.

    python sample.py --model model --out contact_sheet.png             # the 64 prompts below
    python sample.py --model model --out x.png --prompts "a cat" --each 8
"""

import argparse
import pathlib

from common import THREADS  # noqa: F401  thread settings

import numpy as np
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from PIL import Image, ImageDraw

PROMPTS = """a sunset over a mountain range, vector image
a sunset over a mountain range, vector image
a sunset over a mountain range, vector image
a sunset over a mountain range, watercolor
a lighthouse at night by the sea
a red and white lighthouse by the sea, vector image
a lighthouse on a cliff by the sea at sunset, oil painting
a blue lighthouse by the ocean at dawn
a red hot-air balloon over the snow
a yellow hot-air balloon over the mountains at sunrise
hot-air balloons over the desert at sunset
a purple hot-air balloon floating over a city
yellow flowers in a meadow, watercolor
red tulips in a meadow, vector image
purple flowers in a field at sunset
blue flowers in a green meadow
a white sailboat on the sea
a red sailboat on the sea at sunset
a sailboat with yellow sails at night
a blue sailboat on a lake in the mountains
a black cat in a meadow
an orange cat in the snow
a white cat at night, vector image
a grey cat in a forest, watercolor
a red house in the snow at night
a white cottage in a meadow, watercolor
a small house in the mountains, pixel art
a yellow house on an island at sunset
a green tree in a meadow
a pink cherry tree on green hills, watercolor
an autumn tree at sunset
a red tree in the snow
a starry night over the desert
the desert at noon
sand dunes at sunset, vector image
a sunrise over sand dunes
a forest in the morning mist
a pine forest at night
a forest by day, oil painting
a path in the woods at sunset
a city skyline at night
a city at sunset, vector image
the skyline by day, watercolor
tall buildings, pixel art
a winter landscape, snow falling
snowy hills at sunrise
a full moon over the snow
mountains reflected in a lake
high mountains on a sunny day, vector image
a mountain lake at night
a sunrise over the mountains, oil painting
mountain peaks, ink drawing
a sunset over the sea
the ocean under a starry sky
the sea at sunrise, watercolor
the sea on a bright day, oil painting
an orange fish under water
several blue fish swimming underwater
a red fish among seaweed, pixel art
a purple fish in the ocean, watercolor
a lighthouse by the sea, pixel art
a cat in a meadow, ink drawing
a hot-air balloon over the sea, oil painting
a meadow at sunrise""".split("\n")


def labelled(pictures, prompts, columns):
    """A grid with each prompt under its picture."""
    cell_w, cell_h = 132, 150
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * cell_w, rows * cell_h), "white")
    draw = ImageDraw.Draw(out)
    for i, (a, text) in enumerate(zip(pictures, prompts)):
        y, x = divmod(i, columns)
        out.paste(Image.fromarray(a), (x * cell_w + 2, y * cell_h + 2))
        words, lines = text.split(), [""]
        for w in words:
            if draw.textlength(lines[-1] + " " + w, font_size=8) > 128:
                lines.append("")
            lines[-1] = (lines[-1] + " " + w).strip()
        for k, t in enumerate(lines[:2]):
            draw.text((x * cell_w + 3, y * cell_h + 130 + 9 * k), t, fill="black", font_size=8)
    return out


@torch.no_grad()
def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--prompts", nargs="*")
    ap.add_argument("--each", type=int, default=1)
    ap.add_argument("--steps", type=int, default=25)
    ap.add_argument("--guidance", type=float, default=4.5)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--every", type=int, default=1, help="only every n-th prompt of the list")
    ap.add_argument("--tiny", action="store_true", help="decode with the tiny decoder")
    args = ap.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    if args.tiny:
        pipe.vae = AutoencoderTiny.from_pretrained(args.model / "vae_tiny", torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    prompts = [p for p in (args.prompts or PROMPTS[::args.every]) for _ in range(args.each)]
    pictures = []
    for i in range(0, len(prompts), args.batch):
        part = prompts[i:i + args.batch]
        noise = [torch.Generator().manual_seed(args.seed + i + k) for k in range(len(part))]
        pictures += [np.asarray(p) for p in pipe(part, num_inference_steps=args.steps, guidance_scale=args.guidance, height=128, width=128,
                                                 generator=noise).images]
    labelled(pictures, prompts, 8).quantize(256).save(args.out, optimize=True)


if __name__ == "__main__":
    main()
