"""A small network that reads from a picture what it shows: style, scene, subject, flower, colour, time, count, place.

    python evaluator.py --data DATA --out RUN/evaluator --minutes 30      # train on renders; held-out accuracy at the end
    python evaluator.py --out RUN/evaluator --check 2000                  # accuracy on freshly drawn held-out pictures

It never sees a generated picture. Besides its answers it gives features, whose distances measure variety.
"""

import argparse
import json
import pathlib
import time

from common import DEVICE, Muon, autocast, learning_rate, save, to_tensor

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import captions
from packs import Pack

NONE = "none"
CLASSES = {
    "style": captions.STYLES,
    "scene": list(captions.SCENES),
    "subject": [NONE] + list(captions.COLOURS),
    "flower": [NONE] + captions.FLOWERS,
    "colour": [NONE] + captions.TEN + ["brown", "grey"],
    "time": [NONE] + captions.TIMES,
    "count": [0, 1, 2, 3, 9],
    "position": [NONE, "left", "center", "right"],
}


def labels_of(spec):
    out = []
    for name, values in CLASSES.items():
        v = spec.get(name, 0 if name == "count" else NONE)
        out.append(values.index(v if v is not None else NONE))
    return out


def mirrored(labels):
    """Labels of the picture seen in a mirror."""
    k = list(CLASSES).index("position")
    out = labels.copy()
    out[:, k] = np.array([0, 3, 2, 1])[labels[:, k]]
    return out


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(c), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


def down(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


class Evaluator(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 24, 5, 2, 2, bias=False), nn.BatchNorm2d(24), nn.ReLU(), Block(24))  # 64x64
        self.stage2 = nn.Sequential(down(24, 56), Block(56))  # 32x32
        self.stage3 = nn.Sequential(down(56, 112), Block(112))  # 16x16
        self.stage4 = nn.Sequential(down(112, 144), Block(144))  # 8x8
        self.drop = nn.Dropout(0.1)
        self.heads = nn.ModuleDict({k: nn.Linear(144 * 6, len(v)) for k, v in CLASSES.items()})

    def features(self, x):
        """x: [N, 3, 256 or 128, ...] in -1..1. The pooled features [N, 864]."""
        if x.shape[-1] == 256:
            x = F.avg_pool2d(x, 2)
        x = self.stage4(self.stage3(self.stage2(self.stem(x))))
        return torch.cat([x.mean((2, 3)), x.amax((2, 3)), F.adaptive_avg_pool2d(x, (1, 4)).flatten(1)], 1)

    def forward(self, x):
        f = self.drop(self.features(x).float())
        return {k: h(f) for k, h in self.heads.items()}

    def texture_distance(self, a, b):
        """Difference of the early features at full resolution, for training the autoencoder."""
        loss = 0.0
        for part in (self.stem, self.stage2):
            a, b = part(a), part(b)
            loss = loss + F.l1_loss(F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1))
        return loss

    @classmethod
    def load(cls, folder):
        net, stored = cls(), load_file(pathlib.Path(folder) / "evaluator.safetensors")
        scale = lambda k: stored[k + ".scale"].float().view(-1, *[1] * (stored[k].ndim - 1)) if k + ".scale" in stored else 1
        net.load_state_dict({k: v.float() * scale(k) if v.dtype in (torch.int8, torch.float16) else v for k, v in stored.items() if not k.endswith(".scale")})
        return net.to(memory_format=torch.channels_last).eval().requires_grad_(False)

    def store(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stored = {}
        for k, v in self.state_dict().items():
            if v.is_floating_point() and v.ndim > 1:  # eight bits and a scale for each row
                scale = (v.flatten(1).abs().amax(1) / 127).clamp(min=1e-8)
                stored[k] = (v / scale.view(-1, *[1] * (v.ndim - 1))).round().to(torch.int8).contiguous()
                stored[k + ".scale"] = scale
            else:
                stored[k] = (v.half() if v.is_floating_point() else v).contiguous()
        save_file(stored, folder / "evaluator.safetensors")


@torch.no_grad()
def read(net, pictures):
    """uint8 [N, H, W, 3] -> answers {name: [N] int} and features [N, 288] of length 1."""
    answers, features = {k: [] for k in CLASSES}, []
    for i in range(0, len(pictures), 64):
        f = net.features(to_tensor(np.stack(pictures[i:i + 64])).contiguous(memory_format=torch.channels_last))
        for k, h in net.heads.items():
            answers[k].append(h(f).argmax(1).cpu().numpy())
        features.append(F.normalize(f[:, :288], dim=1).cpu().numpy())
    return {k: np.concatenate(v) for k, v in answers.items()}, np.concatenate(features)


def disturb(x, rng):
    """Blur, grain and tints such as decoders leave, so that they do not decide the answer."""
    n = len(x)
    if rng.random() < 0.5:
        s = int(rng.choice([64, 80, 96]))
        x = F.interpolate(F.interpolate(x, size=(s, s), mode="area"), size=x.shape[2:], mode="bilinear")
    x = x + torch.randn_like(x) * (0.06 * torch.rand(n, 1, 1, 1, device=x.device))
    x = x * (1 + 0.06 * torch.randn(n, 1, 1, 1, device=x.device)) + 0.04 * torch.randn(n, 3, 1, 1, device=x.device)
    dy, dx = (int(v) for v in rng.integers(-4, 5, 2))
    return torch.roll(F.pad(x, (4, 4, 4, 4), mode="replicate"), (dy, dx), (2, 3))[..., 4:-4, 4:-4]


def check(net, n, first_seed=77_000_000, show=None):
    from render import describe, draw

    specs = [describe(first_seed + i, split="held_out") for i in range(n)]
    pictures = [draw(s, first_seed + i) for i, s in enumerate(specs)]
    want = np.array([labels_of(s) for s in specs])
    answers, _ = read(net, pictures)
    result = {}
    wrong = []
    for j, (name, values) in enumerate(CLASSES.items()):
        miss = np.flatnonzero(answers[name] != want[:, j])
        result[name] = round(100 * (1 - len(miss) / n), 2)
        for i in miss:
            wrong.append((i, f"{name}: {values[want[i, j]]} read as {values[answers[name][i]]}; {specs[i]['style']} {specs[i].get('time')} {specs[i]['scene']} {specs[i].get('subject')} {specs[i].get('colour')}"))
    if show:
        from PIL import Image
        from sample import labelled
        labelled([pictures[i] for i, _ in wrong[:48]], [t for _, t in wrong[:48]], 8).save(show)
    return result, [t for _, t in wrong]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--minutes", type=float, default=30, help="of computing time")
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--batch", type=int, default=64)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--every", type=float, default=120)
    ap.add_argument("--check", type=int, default=0)
    ap.add_argument("--show", type=pathlib.Path, help="a sheet of the mistakes")
    args = ap.parse_args()
    if args.check and not args.data:
        result, wrong = check(Evaluator.load(args.out), args.check, show=args.show)
        print("\n".join(wrong[:60]))
        print(json.dumps(result))
        return
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    net = Evaluator().to(DEVICE, memory_format=torch.channels_last).train()
    opt = Muon(net.named_parameters(), args.lr, decay=0.02)
    step, spent, state = 0, 0.0, args.out / "state.pt"
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        net.load_state_dict(s["model"])
        opt.load_state_dict(s["opt"])
        step, spent = s["step"], s["spent"]
    rng = np.random.default_rng([3, step])
    print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters, step {step}", flush=True)
    began, saved, run, right = time.process_time() - spent, time.time(), 0.0, None
    data, labels, looked = None, None, 0.0
    while True:
        if data is None or time.time() - looked > 600:  # packs may still be coming
            data, looked = Pack(args.data), time.time()
            from render import describe
            known = 0 if labels is None else len(labels)
            fresh = np.array([labels_of(describe(data.seed(i))) for i in range(known, len(data))], np.int64).reshape(-1, len(CLASSES))
            labels = fresh if labels is None else np.concatenate([labels, fresh])
        spent = time.process_time() - began
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = learning_rate(args.lr, step, progress, warm_up=60)
        at = rng.integers(0, len(data), args.batch)
        flip = rng.random(args.batch) < 0.5
        x = np.stack([data.half(i)[:, ::-1] if f else data.half(i) for i, f in zip(at, flip)])
        want = np.where(flip[:, None], mirrored(labels[at]), labels[at])
        want = torch.from_numpy(want).to(DEVICE)
        x = disturb(to_tensor(x), rng).contiguous(memory_format=torch.channels_last)
        with autocast():
            answers = net(x)
        loss = sum(F.cross_entropy(a.float(), want[:, j], label_smoothing=0.02) for j, a in enumerate(answers.values()))
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        step += 1
        ok = np.array([(a.argmax(1) == want[:, j]).float().mean().item() for j, a in enumerate(answers.values())])
        right = ok if right is None else 0.95 * right + 0.05 * ok
        run = loss.item() if not run else 0.95 * run + 0.05 * loss.item()
        if step % 20 == 0:
            print(f"step {step} loss {run:.3f} " + " ".join(f"{k} {100 * r:.1f}" for k, r in zip(CLASSES, right)) + f" {spent:.0f} s of computing, {len(data)} pictures", flush=True)
        if time.time() - saved > args.every:
            save(state, model=net.state_dict(), opt=opt.state_dict(), step=step, spent=spent)
            net.store(args.out)
            saved = time.time()
    save(state, model=net.state_dict(), opt=opt.state_dict(), step=step, spent=spent)
    net.eval().store(args.out)
    if args.check:
        print(json.dumps(check(Evaluator.load(args.out), args.check, show=args.show)[0]))


if __name__ == "__main__":
    main()
