"""Trains the KL autoencoder (factor 16, 16 latent channels) and normalises its latents.

    python train_vae.py --data DATA --out RUN --minutes 60
    python train_vae.py --data DATA --out RUN --minutes 20 --decoder-only    # later: a better decoder of the same latents

It sees 128x128 crops of the scenes and a share of generic pictures. `--steps` ends it after so many steps, `--minutes`
after so much computing time; the learning rate falls along a cosine towards that end. It resumes from
RUN/vae.pt, written every `--every` seconds together with the pictures RUN/vae.png.

Loss: L1 + 4 MSE at three scales + small KL, and with `--evaluator` the distance of the evaluator's early features. At the
end the latents are shifted and scaled to mean 0 and deviation 1 per channel by folding that into `quant_conv` and
`post_quant_conv`: the scaling factor is 1.
"""

import argparse
import json
import math
import pathlib
import time

from common import DEVICE, Muon, Workers, autocast, fuse, learning_rate, save, sheet, to_pictures, to_tensor

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image

from packs import Pack

CHANNELS = 16
CONFIG = dict(in_channels=3, out_channels=3, down_block_types=["DownEncoderBlock2D"] * 5, up_block_types=["UpDecoderBlock2D"] * 5,
              block_out_channels=[16, 32, 48, 96, 128], layers_per_block=1, act_fn="silu", latent_channels=CHANNELS, norm_num_groups=8,
              sample_size=256, scaling_factor=1.0, force_upcast=False)


def reconstruction_loss(out, target):
    """L1 + 4 MSE at full size and at half and quarter size.

    No loss on differences of neighbouring pixels: their median is 0, which rewards blur for thousands of steps.
    """
    loss = 0.0
    for scale in (1, 2, 4):
        if scale > 1:
            out, target = F.avg_pool2d(out, 2), F.avg_pool2d(target, 2)
        loss = loss + F.l1_loss(out, target) + 4 * F.mse_loss(out, target)
    return loss


def initialise(vae):
    """Starts residual branches at zero and the posterior narrow, which speeds up the first thousand steps."""
    for name, p in vae.named_parameters():
        if name.endswith(("conv2.weight", "conv2.bias", "to_out.0.weight", "to_out.0.bias")):
            torch.nn.init.zeros_(p)
    with torch.no_grad():
        vae.quant_conv.weight[CHANNELS:] = 0
        vae.quant_conv.bias[CHANNELS:] = -4


class Pictures:
    """Random batches of scenes with a share of generic pictures, mirrored half of the time."""

    def __init__(self, data, rng, generic_share, limit=None):
        self.scenes = Pack(data, limit)
        self.rng, self.share = rng, generic_share

    def batch(self, n, size=128):
        from generic import generic

        out = []
        for _ in range(n):
            p = generic(int(self.rng.integers(1 << 30))) if self.rng.random() < self.share else self.scenes[self.rng.integers(len(self.scenes))]
            y, x = self.rng.integers(0, (256 - size) // 16 + 1, 2) * 16
            p = p[y:y + size, x:x + size]
            out.append(p[:, ::-1] if self.rng.random() < 0.5 else p)
        return to_tensor(np.stack(out)).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def psnr(vae, pictures):
    """Mean over uint8 pictures [N, H, W, 3], through the mean of the posterior and 8 bits."""
    values = []
    for i in range(0, len(pictures), 4):
        x = to_tensor(pictures[i:i + 4]).contiguous(memory_format=torch.channels_last)
        with autocast():
            out = vae.decode(vae.encode(x).latent_dist.mean).sample
        d = to_pictures(out).astype(np.float32) - pictures[i:i + 4].astype(np.float32)
        values += [10 * math.log10(255 ** 2 / max(1e-3, float((e * e).mean()))) for e in d]
    return values


@torch.no_grad()
def normalise(vae, pictures):
    """Folds a shift and a scale per channel into the 1x1 convolutions."""
    z = torch.cat([vae.encode(to_tensor(pictures[i:i + 4])).latent_dist.mean for i in range(0, len(pictures), 4)])
    mean, std = z.mean((0, 2, 3)), z.std((0, 2, 3))
    a = 1 / std
    q, p, c = vae.quant_conv, vae.post_quant_conv, CHANNELS
    q.bias[:c] = (q.bias[:c] - mean) * a
    q.weight[:c] *= a[:, None, None, None]
    q.bias[c:] += 2 * a.log()
    p.bias += (p.weight[:, :, 0, 0] * mean[None]).sum(1)
    p.weight /= a[None, :, None, None]
    return mean.tolist(), std.tolist()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=60, help="of computing time of one process")
    ap.add_argument("--batch", type=int, default=8, help="crops of 128x128 per process")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--generic", type=float, default=0.15, help="share of generic pictures")
    ap.add_argument("--kl", type=float, default=1e-4)
    ap.add_argument("--widths", type=int, nargs=5, default=CONFIG["block_out_channels"])
    ap.add_argument("--compile", action="store_true", help="fuse with torch.compile (needs a C++ compiler); worth it in long runs only")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--every", type=float, default=120)
    ap.add_argument("--decoder-only", action="store_true")
    ap.add_argument("--finish", action="store_true", help="only write RUN/vae from the checkpoint")
    ap.add_argument("--evaluator", type=pathlib.Path, help="folder of the evaluator whose early features are compared")
    ap.add_argument("--adam", action="store_true", help="AdamW for everything")
    ap.add_argument("--limit", type=int, help="use only the first pictures of the data set")
    args = ap.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    workers = Workers()
    torch.manual_seed(args.seed)
    final, state = args.out / "vae", args.out / ("vae_decoder.pt" if args.decoder_only else "vae.pt")
    vae = AutoencoderKL.from_pretrained(final) if args.decoder_only else AutoencoderKL(**dict(CONFIG, block_out_channels=args.widths))
    vae = fuse(vae).to(DEVICE, memory_format=torch.channels_last).train()
    if args.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    else:
        initialise(vae)
    params = [p for p in vae.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, args.lr, betas=(0.9, 0.99), weight_decay=1e-4) if args.adam else Muon(vae.named_parameters(), args.lr, decay=1e-3)
    step, spent = 0, 0.0
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        vae.load_state_dict(s["model"])
        opt.load_state_dict(s["opt"])
        step, spent = s["step"], s["spent"]
    data = Pictures(args.data, np.random.default_rng([args.seed, step, workers.rank]), args.generic, args.limit)
    torch.manual_seed(1000 * step + workers.rank + args.seed)
    perceptual = None
    if args.evaluator:
        from evaluator import Evaluator
        perceptual = Evaluator.load(args.evaluator).to(DEVICE)
    if workers.rank == 0:
        print(f"{sum(p.numel() for p in vae.parameters()) / 1e6:.2f} M parameters, step {step}", flush=True)
    began, saved, run, x, out = time.process_time() - spent, time.time(), 0.0, None, None

    def checkpoint(x, out):
        save(state, model=vae.state_dict(), opt=opt.state_dict(), step=step, spent=spent)
        Image.fromarray(sheet(np.concatenate([to_pictures(x[:8]), to_pictures(out[:8])]), len(x[:8]))).save(args.out / "vae.png")

    encode, decode = vae.encode, vae.decode
    if args.compile:
        encode, decode = torch.compile(vae.encode), torch.compile(vae.decode)
    while not args.finish:
        spent = workers.same(time.process_time() - began)
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            if workers.rank == 0 and x is not None:
                checkpoint(x, out)
            break
        lr = learning_rate(args.lr, step, progress, warm_up=60, last=0.03)
        for g in opt.param_groups:
            g["lr"] = lr
        x = data.batch(args.batch)
        with autocast():
            post = encode(x).latent_dist
            out = decode(post.sample()).sample
        out = out.float()
        loss = reconstruction_loss(out, x)
        if perceptual:
            with autocast():
                loss = loss + 0.5 * perceptual.texture_distance(out, x)
        if not args.decoder_only:
            m, lv = post.mean.float(), post.logvar.float()
            loss = loss + args.kl * 0.5 * (m * m + lv.exp() - 1 - lv).mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(params)
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        error = F.mse_loss(out.detach(), x).item()
        run = error if not run else 0.98 * run + 0.02 * error
        if workers.rank == 0:
            if step % 20 == 0:
                print(f"step {step} loss {loss.item():.4f} PSNR of crops {10 * math.log10(4 / run):.2f} lr {lr:.1e} {spent:.0f} s of computing", flush=True)
            if time.time() - saved > args.every:
                checkpoint(x, out)
                saved = time.time()
    if workers.rank:
        return
    vae.eval()
    pictures = np.stack([data.scenes[i] for i in np.linspace(0, len(data.scenes) - 1, 128).astype(int)])
    if not args.decoder_only:
        print(normalise(vae, pictures))
    vae.save_pretrained(final)
    print(f"PSNR on 64 training pictures {np.mean(psnr(vae, pictures[::2])):.2f} dB")
    (args.out / "vae_time.json").write_text(json.dumps(dict(steps=step, seconds=spent)))


if __name__ == "__main__":
    main()
