"""Draws an uncurated contact sheet: picture k of prompt p always comes from seed `--seed` + its place.

    python sample.py --model model --out contact_sheet.webp             # the 64 prompts below
    python sample.py --model model --out x.png --prompts "a cat" --each 8
"""

import argparse
import pathlib

from common import THREADS  # noqa: F401  thread settings

import numpy as np
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

PROMPTS = """a lighthouse by the sea at sunset, vector image
a red hot-air balloon over the mountains at sunrise
a white sailboat on the sea at night, stained glass
the milky way over a mountain lake
an aurora over snowy hills, paper cut-out
a village at sunset, oil painting
a city skyline at night, neon
a forest at sunrise, watercolor
a pink rose in a garden
three yellow tulips in a garden at noon
a purple lotus at night, stained glass
red poppies in a meadow, oil painting
blue hydrangeas in a vase by the window
two white daisies, ink drawing
a sunflower in the rain, pixel art
lavender in a meadow at sunset
cherry blossoms at sunrise, watercolor
an orange lily under the milky way
a black cat in the snow at night
an orange cat in a village, paper cut-out
a white horse in a meadow at sunrise
a black horse in the desert at sunset, vector image
two brown horses in the mountains, oil painting
a blue bird over the forest, watercolor
three red birds over the city at sunset
a yellow bird over the sea, pixel art
an orange fish under water
three purple fish under water, stained glass
two green fish, ink drawing
an astronaut on the moon
an orange astronaut in the desert, vector image
a pink astronaut in space, neon
a red bridge in front of a city at night
a green bridge at sunset, stained glass
a blue tower in the forest, watercolor
a purple tower in the snow under the aurora
a yellow house in a meadow with a rainbow
a red house by the sea at sunrise, pixel art
two blue houses in the snow at night
a white house in the mountains, ink drawing
mountains at noon, oil painting
a mountain range at sunset, vector image
the desert under the milky way
sand dunes at sunset, stained glass
the sea at noon, watercolor
the ocean under a full moon, oil painting
a forest at night, pixel art
a meadow with a rainbow, paper cut-out
a village in the rain
a city at sunrise, ink drawing
a winter landscape at noon, vector image
snowy hills at night, neon
three hot-air balloons over a village, paper cut-out
two purple balloons over the desert at sunset
a green balloon over the sea on the left
a lighthouse at night, neon
a blue lighthouse by the sea, pixel art
three sailboats on the sea at sunrise, oil painting
a red sailboat on a mountain lake, ink drawing
a pink sailboat in front of a city at sunset
夕焼けの海 赤い灯台
雪景色と黒い猫、水彩画
天の川の山、切り絵
青い紫陽花、ステンドグラス""".split("\n")


FONT = pathlib.Path(__file__).resolve().parents[2] / "fonts/MPLUS1-Regular.otf"


def labelled(pictures, prompts, columns, half=True):
    """A grid with each prompt under its picture."""
    side = pictures[0].shape[0] if not half else pictures[0].shape[0] // 2
    cell_w, cell_h = side + 4, side + 26
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * cell_w, rows * cell_h), "white")
    draw, font = ImageDraw.Draw(out), ImageFont.truetype(FONT, 9)
    for i, (a, text) in enumerate(zip(pictures, prompts)):
        y, x = divmod(i, columns)
        p = Image.fromarray(np.asarray(a))
        out.paste(p.resize((side, side), Image.LANCZOS) if half else p, (x * cell_w + 2, y * cell_h + 2))
        words, lines = text.split(), [""]
        for w in words:
            if draw.textlength(lines[-1] + " " + w, font) > side:
                lines.append("")
            lines[-1] = (lines[-1] + " " + w).strip()
        for k, t in enumerate(lines[:2]):
            draw.text((x * cell_w + 3, y * cell_h + side + 1 + 11 * k), t, "black", font)
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
        pictures += [np.asarray(p) for p in pipe(part, num_inference_steps=args.steps, guidance_scale=args.guidance, generator=noise).images]
    labelled(pictures, prompts, 8).save(args.out, quality=85)


if __name__ == "__main__":
    main()
