"""Trains the conditional U-Net and the text encoder together on cached latents (v-prediction).

    torchrun --nproc-per-node 2 train_unet.py --out RUN --minutes 100        # two CPU cores
    python train_unet.py --out RUN --minutes 20 --batch 512                  # a GPU

Each process takes its own steps; their weights are averaged every `--sync` steps. Resumes from RUN/unet.pt. Every
`--every` seconds it writes that checkpoint and the averaged weights RUN/ema.pt, as export.py wants them. The time limit
is real time; a file RUN/minutes changes it while it runs. 10 % of the captions are empty (classifier-free guidance);
some get random tokens inserted, so that words it does not know disturb little. The loss is weighted by min-SNR
(gamma 5): what is hardly noisy any more counts less.

Captions are short, so for most of the time the text encoder sees 32 positions only, which saves a third of the
work; then the embeddings of positions 32..76 are set to that of position 31 and the rest is trained on all 77.
"""

import argparse
import json
import pathlib
import time

from common import DEVICE, Ema, Muon, Workers, autocast, fuse, learning_rate, save

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

CHANNELS, WIDTH = 16, 128
UNET = dict(sample_size=16, in_channels=CHANNELS, out_channels=CHANNELS, layers_per_block=1, block_out_channels=[96, 128, 160],
            down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            mid_block_type="UNetMidBlock2DCrossAttn",
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            attention_head_dim=4, cross_attention_dim=WIDTH, norm_num_groups=16, act_fn="silu",
            center_input_sample=False, flip_sin_to_cos=True, freq_shift=0, downsample_padding=1, mid_block_scale_factor=1)
SCHEDULER = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                 set_alpha_to_one=False, steps_offset=1, prediction_type="v_prediction", timestep_spacing="trailing")


def text_config(vocabulary):
    return CLIPTextConfig(vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=4 * WIDTH, projection_dim=WIDTH, num_hidden_layers=4,
                          num_attention_heads=4, max_position_embeddings=77, hidden_act="quick_gelu", layer_norm_eps=1e-5,
                          bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1)


def build(vocabulary, config=UNET):
    """A fresh U-Net and text encoder, with plain attention: the fused one has a slow gradient on CPUs."""
    unet = UNet2DConditionModel(**config).to(memory_format=torch.channels_last)
    if DEVICE.type == "cpu":
        unet.set_attn_processor(AttnProcessor())
    if not vocabulary:
        return unet
    text = CLIPTextModel(text_config(vocabulary))
    text.set_attn_implementation("eager")
    return unet, text


SHORT = 32


@torch.no_grad()
def lengthen(text):
    """Gives the positions that the short phase leaves untrained the embedding of its last position."""
    w = next(p for n, p in text.named_parameters() if n.endswith("position_embedding.weight"))
    w[SHORT:] = w[SHORT - 1]


class Noise:
    """The forward process and its weighted loss."""

    def __init__(self, gamma=5.0):
        abar = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(DEVICE)
        snr = abar / (1 - abar)
        self.a, self.s, self.weight = abar.sqrt(), (1 - abar).sqrt(), snr.clamp(max=gamma) / (snr + 1)
        self.weight = self.weight / self.weight.mean()

    def loss(self, z, predict):
        """`predict(noisy, t)` must return v."""
        t = torch.randint(0, 1000, (len(z),), device=z.device)
        a, s = self.a[t][:, None, None, None], self.s[t][:, None, None, None]
        noise = torch.randn_like(z)
        with autocast():
            v = predict(a * z + s * noise, t)
        error = (v.float() - (a * noise - s * z)).square().mean((1, 2, 3))
        return (error * self.weight[t]).mean(), error.mean().item()


class Batches:
    """Latents and caption tokens, drawn at random, with the augmentations of the module text."""

    def __init__(self, run, rng, vocabulary):
        self.latents, self.run, self.ready, self.calls = np.load(run / "latents.npy", mmap_mode="r"), run, 0, 0
        self.tokens = np.load(run / "tokens.npy")
        self.rng, self.vocabulary = rng, vocabulary
        self.empty = np.full(77, vocabulary - 1, np.int64)
        self.empty[0] = vocabulary - 2

    def disturbed(self, ids):
        for _ in range(int(self.rng.integers(1, 4))):
            end = int((ids != self.vocabulary - 1).sum())
            if end < 75:
                at = int(self.rng.integers(1, end + 1))
                ids = np.concatenate([ids[:at], [self.rng.integers(0, self.vocabulary - 2)], ids[at:-1]])
        return ids

    def draw(self, n):
        if self.ready < len(self.latents) and self.calls % 50 == 0:
            self.ready = int((self.run / "latents_ready").read_text() or self.ready) if (self.run / "latents_ready").exists() else len(self.latents)
        self.calls += 1
        i = self.rng.integers(0, min(self.ready, len(self.tokens)), n)
        z = torch.from_numpy(self.latents[i].astype(np.float32))
        ids = self.tokens[i, self.rng.integers(0, self.tokens.shape[1], n)].astype(np.int64)
        for k in range(n):
            x = self.rng.random()
            if x < 0.10:
                ids[k] = self.empty
            elif x < 0.14:
                ids[k] = self.disturbed(ids[k])
        return z.to(DEVICE).contiguous(memory_format=torch.channels_last), torch.from_numpy(ids).to(DEVICE)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=100)
    ap.add_argument("--batch", type=int, default=32, help="per process")
    ap.add_argument("--lr", type=float, default=1.5e-3)
    ap.add_argument("--flat", type=float, default=0.4, help="share of the training before the learning rate falls")
    ap.add_argument("--short", type=float, default=0.85, help="share of the training with short captions")
    ap.add_argument("--ema", type=float, default=0.985, help="decay per averaging of the processes")
    ap.add_argument("--sync", type=int, default=8, help="steps between two averagings of the processes' weights")
    ap.add_argument("--every", type=float, default=180)
    ap.add_argument("--adam", action="store_true", help="AdamW for everything")
    ap.add_argument("--again", action="store_true", help="start the time limit and the learning rate anew")
    ap.add_argument("--seed", type=int, default=0)
    args = ap.parse_args()
    workers = Workers()
    torch.manual_seed(args.seed)
    tokenizer = CLIPTokenizer.from_pretrained(args.out / "tokenizer")
    unet, text = build(len(tokenizer))
    fuse(unet).to(DEVICE).train(), text.to(DEVICE).train()
    named = [("unet." + n, p) for n, p in unet.named_parameters()] + [("text." + n, p) for n, p in text.named_parameters()]
    params = [p for _, p in named if p.requires_grad]
    opt = torch.optim.AdamW(params, args.lr, betas=(0.9, 0.99), weight_decay=0.01) if args.adam else Muon(named, args.lr)
    ema = Ema([unet, text], args.ema)
    noise = Noise()
    step, spent, seen, short = 0, 0.0, 0, True
    state = args.out / "unet.pt"
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        unet.load_state_dict(s["unet"])
        text.load_state_dict(s["text"])
        opt.load_state_dict(s["opt"])
        ema.mean, ema.step, step, spent, seen = s["ema"], s["ema_step"], s["step"], s["spent"], s["seen"]
        short = s["short"]
        if args.again:
            spent, short = 0.0, True
    if workers.rank == 0:
        print(f"U-Net {sum(p.numel() for p in unet.parameters()) / 1e6:.2f} M, text {sum(p.numel() for p in text.parameters()) / 1e6:.2f} M", flush=True)
    torch.manual_seed(1000 * step + workers.rank + args.seed)
    data = Batches(args.out, np.random.default_rng([args.seed, step, workers.rank]), len(tokenizer))
    began, last, run, first = time.time() - spent, time.time(), 0.0, step

    def checkpoint():
        save(state, unet=unet.state_dict(), text=text.state_dict(), opt=opt.state_dict(), ema=ema.mean, ema_step=ema.step, step=step, spent=spent, seen=seen, short=short)
        u, t = ema.averaged([unet, text])
        if short:
            lengthen(t)
        save(args.out / "ema.pt", unet=u.state_dict(), text=t.state_dict(), step=step, spent=spent, seen=seen)

    minutes = args.minutes
    while True:
        if step % args.sync == 0 or step == first:
            spent = workers.same(time.time() - began)
            if (args.out / "minutes").exists():
                minutes = workers.same(float((args.out / "minutes").read_text()))
        progress = max(step / args.steps, spent / (60 * minutes))
        if progress >= 1:
            break
        lr = learning_rate(args.lr, step - first, progress, flat=args.flat)
        for g in opt.param_groups:
            g["lr"] = lr
        if short and progress > args.short:
            short = False
            lengthen(text)
            at = next(i for i, p in enumerate(ema.live) if p.shape == (77, WIDTH))
            ema.mean[at][SHORT:] = ema.mean[at][SHORT - 1]
        z, ids = data.draw(args.batch)
        if short:
            ids = ids[:, :SHORT]
        with autocast():
            context = text(ids).last_hidden_state
        loss, error = noise.loss(z, lambda x, t: unet(x, t, context).sample)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        seen += args.batch * workers.size
        run = error if not run else 0.99 * run + 0.01 * error
        if workers.rank == 0 and step % 50 == 0:
            print(f"step {step} seen {seen} error of v {run:.4f} lr {lr:.1e} {spent:.0f} s", flush=True)
        if step % args.sync == 0:
            workers.average_parameters(params)
            ema.update()
            if workers.rank == 0 and time.time() - last > args.every:
                checkpoint()
                last = time.time()
    workers.average_parameters(params)
    ema.update()
    if workers.rank == 0:
        checkpoint()
        (args.out / "unet_time.json").write_text(json.dumps(dict(steps=step, seen=seen, seconds=spent)))


if __name__ == "__main__":
    main()
