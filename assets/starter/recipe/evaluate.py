"""The figures of the model card, for any pipeline folder in the layout of Stable Diffusion 1.x.

    python evaluate.py --model ../model --evaluator ../evaluator --out EVAL attributes            # 1,000 held-out prompts
    python evaluate.py --model ../model --evaluator ../evaluator --out EVAL seeds guidance empty restyle vae

Every command writes EVAL/<name>.json, some also a picture; `all` runs everything. `--count` makes it shorter.

attributes  How often the evaluator reads from the picture what the prompt says (prompts whose combination of style,
            scene, subject, colour and time never occurs in training), 25 steps, default guidance.
four        The same in four steps without guidance, with the adapter that lies beside the model folder.
seeds       Mean distance of the evaluator's features between two seeds of one prompt, relative to that between two renders of it.
guidance    Accuracy, saturation and variety for guidance -10 to 10, with a plot.
empty       What the empty prompt shows: share of the most frequent scene and style, spread of the features.
restyle     Inversion of generated pictures to half depth, then denoising with another style word: new style read, scene kept.
vae         PSNR of the autoencoder on held-out renders and on the photographs that scikit-image brings along.
"""

import argparse
import json
import pathlib
import time

from common import DEVICE, autocast, to_pictures, to_tensor

import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

import captions
from evaluator import CLASSES, Evaluator, labels_of, read

GUIDANCE = 4.5


class Pipeline:
    """Text to picture with DDIM; batches of prompts, a seed for each picture."""

    def __init__(self, folder, tiny=False):
        folder = pathlib.Path(folder)
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.text = CLIPTextModel.from_pretrained(folder / "text_encoder").float().to(DEVICE).eval()
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet").float().to(DEVICE, memory_format=torch.channels_last).eval()
        self.vae = (AutoencoderTiny.from_pretrained(folder / "vae_tiny") if tiny else AutoencoderKL.from_pretrained(folder / "vae")).float().to(DEVICE).eval()
        self.scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
        self.shape = (self.unet.config.in_channels, self.unet.config.sample_size, self.unet.config.sample_size)

    @torch.no_grad()
    def context(self, prompts):
        ids = self.tokenizer(list(prompts), padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids.to(DEVICE)
        return self.text(ids).last_hidden_state

    @torch.no_grad()
    def merge(self, adapter):
        """Adds a LoRA of the U-Net (kohya's names) to its weights."""
        tensors, names = load_file(adapter), {n.replace(".", "_"): m for n, m in self.unet.named_modules()}
        for key in [k for k in tensors if k.endswith(".lora_down.weight")]:
            stem = key.removesuffix(".lora_down.weight")
            down, up = tensors[key].float(), tensors[stem + ".lora_up.weight"].float()
            weight = names[stem.removeprefix("lora_unet_")].weight
            weight += (up.flatten(1) @ down.flatten(1)).view_as(weight) * float(tensors[stem + ".alpha"]) / len(down)

    def guided(self, z, t, context, empty, w):
        with autocast():
            if w == 1:
                return self.unet(z, t, context).sample.float()
            a, b = self.unet(torch.cat([z, z]), t, torch.cat([context, empty])).sample.float().chunk(2)
        return b + w * (a - b)

    @torch.no_grad()
    def latents(self, prompts, seeds, steps=25, guidance=GUIDANCE, start=None, from_step=0):
        context, empty = self.context(prompts), self.context([""] * len(prompts))
        z = start if start is not None else torch.stack([torch.randn(self.shape, generator=torch.Generator().manual_seed(int(s))) for s in seeds]).to(DEVICE)
        z = z.contiguous(memory_format=torch.channels_last)
        self.scheduler.set_timesteps(steps)
        for t in self.scheduler.timesteps[from_step:]:
            z = self.scheduler.step(self.guided(z, t, context, empty, guidance), t, z).prev_sample
        return z

    @torch.no_grad()
    def invert(self, z, prompts, steps, depth):
        """Deterministic DDIM backwards from a clean latent up to the noise of step `steps - depth`."""
        context = self.context(prompts)
        self.scheduler.set_timesteps(steps)
        times = self.scheduler.timesteps.flip(0)[:depth]
        abar = self.scheduler.alphas_cumprod
        before = abar[0]
        for t in times:
            a, s = before.sqrt(), (1 - before).sqrt()
            v = self.guided(z, t, context, None, 1)
            x0, e = a * z - s * v, s * z + a * v
            z = abar[t].sqrt() * x0 + (1 - abar[t]).sqrt() * e
            before = abar[t]
        return z

    @torch.no_grad()
    def decode(self, z):
        c = self.vae.config
        z = z if isinstance(self.vae, AutoencoderTiny) else z / c.scaling_factor + (getattr(c, "shift_factor", None) or 0)
        return np.concatenate([to_pictures(self.vae.decode(part).sample) for part in z.split(4)])

    @torch.no_grad()
    def encode(self, pictures):
        c = self.vae.config
        return torch.cat([(self.vae.encode(to_tensor(pictures[i:i + 4])).latent_dist.mean - (getattr(c, "shift_factor", None) or 0)) * c.scaling_factor for i in range(0, len(pictures), 4)])

    def pictures(self, prompts, seeds, batch=16, **kwargs):
        return np.concatenate([self.decode(self.latents(prompts[i:i + batch], seeds[i:i + batch], **kwargs)) for i in range(0, len(prompts), batch)])


def accuracy(net, pictures, specs):
    """Percent right per attribute, over the descriptions for which the attribute says something."""
    answers, features = read(net, list(pictures))
    want = np.array([labels_of(s) for s in specs])
    out = {}
    for j, (name, values) in enumerate(CLASSES.items()):
        said = np.array([name in s and s[name] is not None for s in specs]) if name not in ("style", "scene", "subject") else np.ones(len(specs), bool)
        if name == "position":
            continue
        if said.any():
            out[name] = round(100 * float((answers[name] == want[:, j])[said].mean()), 1)
    return out, answers, features


def attributes(pipe, net, args):
    n = args.count or 1000
    items = captions.prompts(n)
    t = time.time()
    pictures = pipe.pictures([p for _, p in items], range(n))
    result, answers, _ = accuracy(net, pictures, [s for s, _ in items])
    want = np.array([labels_of(s) for s, _ in items])
    k = list(CLASSES).index("subject")
    by_subject = {v: round(100 * float((answers["subject"] == want[:, k])[want[:, k] == i].mean()), 1) for i, v in enumerate(CLASSES["subject"]) if (want[:, k] == i).any()}
    by_style = {v: round(100 * float((answers["scene"] == want[:, 1])[want[:, 0] == i].mean()), 1) for i, v in enumerate(CLASSES["style"]) if (want[:, 0] == i).any()}
    np.savez_compressed(args.out / "attributes.npz", pictures=pictures[:200])
    return dict(prompts=n, percent=result, subject_by_subject=by_subject, scene_by_style=by_style, seconds=round(time.time() - t))


def four(pipe, net, args):
    n = args.count or 1000
    items = captions.prompts(n)
    quick = Pipeline(args.model)
    quick.merge(args.model.parent / "four_steps_lora.safetensors")
    pictures = quick.pictures([p for _, p in items], range(n), steps=4, guidance=1)
    return dict(prompts=n, percent=accuracy(net, pictures, [s for s, _ in items])[0])


def seeds(pipe, net, args):
    from render import draw

    n = args.count or 100
    items = captions.prompts(n, 5000)
    own = np.stack([read(net, [draw(s, 88_000_000 + i), draw(s, 89_000_000 + i)])[1] for i, (s, _) in enumerate(items)])
    a, b = (read(net, list(pipe.pictures([p for _, p in items], range(k, k + n))))[1] for k in (10_000, 20_000))
    d, e = np.linalg.norm(a - b, axis=1).mean(), np.linalg.norm(own[:, 0] - own[:, 1], axis=1).mean()
    return dict(prompts=n, two_seeds=round(float(d), 4), two_renders=round(float(e), 4), ratio=round(float(d / e), 3))


def guidance(pipe, net, args):
    n = args.count or 48
    items = captions.prompts(n, 7000)
    rows = []
    for w in (-10, -6, -3, -1, 0, 1, 2, 3, 4.5, 6, 8, 10):
        pictures = pipe.pictures([p for _, p in items], range(n), guidance=float(w), steps=20)
        result, _, features = accuracy(net, pictures, [s for s, _ in items])
        x = pictures.astype(np.float32)
        saturation = float((x.max(-1) - x.min(-1)).mean() / 255)
        variety = float(np.linalg.norm(features[:, None] - features[None], axis=-1).sum() / (n * (n - 1)))
        rows.append(dict(guidance=w, percent=result, mean=round(float(np.mean(list(result.values()))), 1), saturation=round(saturation, 3), variety=round(variety, 3),
                         clipped=round(100 * float(((x < 2) | (x > 253)).mean()), 1)))
        print(rows[-1], flush=True)
    plot(rows, args.out / "guidance.png")
    return rows


def plot(rows, path):
    """Three lines over the guidance, each scaled to its own largest value."""
    from PIL import Image, ImageDraw

    w, h, m = 640, 360, 44
    img = Image.new("RGB", (w, h), "white")
    d = ImageDraw.Draw(img)
    at = lambda g, v: (m + (g + 10) / 20 * (w - 2 * m), h - m - v * (h - 2 * m))
    for g in range(-10, 11, 2):
        d.line([at(g, 0), at(g, 1)], fill=(230, 230, 230))
        d.text((at(g, 0)[0] - 6, h - m + 6), str(g), fill="black")
    for k, (name, colour, scale) in enumerate((("mean", (30, 90, 200), 100), ("saturation", (220, 60, 40), None), ("variety", (30, 150, 80), None), ("clipped", (150, 90, 200), 100))):
        top = scale or max(r[name] for r in rows) or 1
        d.line([at(r["guidance"], r[name] / top) for r in rows], fill=colour, width=2)
        d.text((m + 150 * k, 8), f"{name} (1 = {top:g})", fill=colour)
    img.save(path)


def empty(pipe, net, args):
    n = args.count or 100
    pictures = pipe.pictures([""] * n, range(30_000, 30_000 + n), guidance=1.0)
    answers, features = read(net, list(pictures))
    share = lambda k: round(100 * float(np.bincount(answers[k], minlength=len(CLASSES[k])).max() / n), 1)
    from sample import labelled
    labelled(list(pictures[:32]), [""] * 32, 8).save(args.out / "empty.png")
    return dict(pictures=n, most_frequent_scene=share("scene"), most_frequent_style=share("style"),
                variety=round(float(np.linalg.norm(features[:, None] - features[None], axis=-1).sum() / (n * (n - 1))), 3))


def restyle(pipe, net, args):
    n, steps = args.count or 100, 30
    items = captions.prompts(n, 9000)
    rng = np.random.default_rng(4)
    to = [captions.pick(rng, [s for s in captions.STYLES if s != spec["style"]]) for spec, _ in items]
    said = [p for _, p in items]
    new = [p.rsplit(", ", 1)[0] + ", " + captions.STYLE[s][0][0] for p, s in zip(said, to)]
    right, kept, shown = [], [], []
    for i in range(0, n, 16):
        part = slice(i, min(n, i + 16))
        z = pipe.latents(said[part], range(40_000 + i, 40_000 + part.stop), steps=25)
        before = pipe.decode(z)
        up = pipe.invert(pipe.encode(before), said[part], steps, steps // 2)
        after = pipe.decode(pipe.latents(new[part], None, steps=steps, start=up, from_step=steps - steps // 2))
        was, now = read(net, list(before))[0], read(net, list(after))[0]
        right += [captions.STYLES[k] == s for k, s in zip(now["style"], to[part])]
        kept += list(was["scene"] == now["scene"])
        shown += [p for pair in zip(before, after) for p in pair]
    from sample import labelled
    labels = [t for pair in zip(said, to) for t in pair]
    labelled(shown[:48], labels[:48], 8).save(args.out / "restyle.png")
    return dict(pictures=n, style=round(100 * float(np.mean(right)), 1), scene_kept=round(100 * float(np.mean(kept)), 1))


def photographs():
    """scikit-image's bundled photographs at 256x256."""
    import cv2
    from skimage import data

    out = []
    for name in ("astronaut", "camera", "chelsea", "coffee", "rocket", "coins", "page", "moon", "brick", "grass", "gravel"):
        p = getattr(data, name)()
        p = np.repeat(p[:, :, None], 3, 2) if p.ndim == 2 else p[:, :, :3]
        side = min(p.shape[:2])
        y, x = (p.shape[0] - side) // 2, (p.shape[1] - side) // 2
        out.append((name, cv2.resize(p[y:y + side, x:x + side], (256, 256), interpolation=cv2.INTER_AREA)))
    return out


def vae(pipe, net, args):
    from render import describe, draw
    from sample import labelled
    from train_vae import psnr

    n = args.count or 128
    specs = [describe(66_000_000 + i, split="held_out") for i in range(n)]
    renders = np.stack([draw(s, 66_000_000 + i) for i, s in enumerate(specs)])
    values = np.array(psnr(pipe.vae, renders))
    photos = photographs()
    on_photos = psnr(pipe.vae, np.stack([p for _, p in photos]))
    back = pipe.decode(pipe.encode(np.stack([p for _, p in photos])))
    labelled([p for _, p in photos] + list(back), [k for k, _ in photos] + [f"{v:.1f} dB" for v in on_photos], 12).save(args.out / "vae.png")
    by_style = {s: round(float(values[[i for i, q in enumerate(specs) if q["style"] == s]].mean()), 2) for s in captions.STYLES if any(q["style"] == s for q in specs)}
    return dict(renders=round(float(values.mean()), 2), by_style=by_style, photographs=round(float(np.mean(on_photos)), 2), each={k: round(v, 2) for (k, _), v in zip(photos, on_photos)})


COMMANDS = dict(attributes=attributes, four=four, seeds=seeds, guidance=guidance, empty=empty, restyle=restyle, vae=vae)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", type=pathlib.Path, required=True)
    ap.add_argument("--evaluator", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--count", type=int)
    ap.add_argument("--tiny", action="store_true", help="decode with the tiny decoder")
    ap.add_argument("what", nargs="+", choices=[*COMMANDS, "all"])
    args = ap.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pipe, net = Pipeline(args.model, args.tiny), Evaluator.load(args.evaluator).to(DEVICE)
    for name in COMMANDS if "all" in args.what else args.what:
        result = COMMANDS[name](pipe, net, args)
        (args.out / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(name, json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
