"""What the training scripts share: thread settings, data access, EMA and checkpoints."""

import copy
import math
import os
import pathlib
import sys

os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch

THREADS = int(os.environ.get("THREADS", "1"))
torch.set_num_threads(THREADS)
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fused_norm import fuse  # noqa: E402,F401  also replaces the forward pass of GroupNorm


DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast():
    return torch.autocast(DEVICE.type, torch.bfloat16)


def to_tensor(pictures):
    """uint8 [N, H, W, 3] -> float [N, 3, H, W] in -1..1, channels last."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).to(DEVICE)
    return x.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_pictures(x):
    return ((x.detach().float().clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def sheet(pictures, columns):
    rows = -(-len(pictures) // columns)
    h, w = pictures.shape[1:3]
    out = np.full((rows * (h + 2), columns * (w + 2), 3), 255, np.uint8)
    for i, p in enumerate(pictures):
        y, x = divmod(i, columns)
        out[y * (h + 2):y * (h + 2) + h, x * (w + 2):x * (w + 2) + w] = p
    return out


def learning_rate(top, step, progress, warm_up=100, last=0.02, flat=0.0):
    """Rises for `warm_up` steps, stays for the share `flat` of the training, falls by a cosine to `last` times `top`."""
    fallen = max(0.0, progress - flat) / (1 - flat)
    return top * min(1, (step + 1) / warm_up) * (last + (1 - last) * 0.5 * (1 + math.cos(math.pi * fallen)))


class Ema:
    """Exponential moving average of parameters with the usual warm-up of the decay."""

    def __init__(self, modules, decay):
        self.decay, self.step = decay, 0
        self.live = [p for m in modules for p in m.parameters()]
        self.mean = [p.detach().clone() for p in self.live]

    @torch.no_grad()
    def update(self):
        self.step += 1
        d = min(self.decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(self.mean, [p.detach() for p in self.live], 1 - d)

    def averaged(self, modules):
        """Copies of `modules` that carry the averaged weights."""
        out, it = [], iter(self.mean)
        for m in modules:
            c = copy.deepcopy(m)
            for p in c.parameters():
                p.data.copy_(next(it))
            out.append(c.eval())
        return out


def save(path, **state):
    path = pathlib.Path(path)
    tmp = path.with_suffix(".tmp")
    torch.save(state, tmp)
    tmp.replace(path)


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal for every matrix (convolutions as matrices out x rest), AdamW for the rest.

    The orthogonal step is scaled to the size of AdamW's, so that one learning rate serves both.
    """

    def __init__(self, named, lr, decay=0.01, momentum=0.95, betas=(0.9, 0.99)):
        matrices, rest = [], []
        for name, p in named:
            if not p.requires_grad:
                continue
            first_or_last = any(k in name for k in ("embedding", "conv_in", "conv_out", "norm"))
            (rest if p.ndim < 2 or first_or_last else matrices).append(p)
        super().__init__([dict(params=matrices, muon=True), dict(params=rest, muon=False)], dict(lr=lr, decay=decay, momentum=momentum, betas=betas))

    @staticmethod
    def orthogonal(g):
        """Newton-Schulz in five steps. They are carried out on the small Gram matrix, as each is a polynomial in it."""
        a, b, c = 3.4445, -4.7750, 2.0315
        tall = g.size(0) > g.size(1)
        x = (g.T if tall else g).float()
        s = x @ x.T
        size = s.diagonal().sum() + 1e-14
        s, product = s / size, None
        for k in range(5):
            q = b * s + c * (s @ s)
            q.diagonal().add_(a)
            product = q if product is None else q @ product
            if k < 4:
                s = q @ s @ q
        x = (product / size.sqrt()) @ x
        return x.T if tall else x

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (b1, b2) = group["lr"], group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if group["muon"]:
                    if not s:
                        s["m"] = torch.zeros_like(p)
                    s["m"].lerp_(p.grad, 1 - group["momentum"])
                    g = p.grad.lerp(s["m"], group["momentum"]).reshape(p.size(0), -1)
                    u = self.orthogonal(g).to(p.dtype) * (0.2 * max(g.shape) ** 0.5)
                    p.mul_(1 - lr * group["decay"]).sub_(u.view_as(p) * lr)
                else:
                    if not s:
                        s["m"], s["v"], s["t"] = torch.zeros_like(p), torch.zeros_like(p), 0
                    s["t"] += 1
                    s["m"].lerp_(p.grad, 1 - b1)
                    s["v"].lerp_(p.grad.square(), 1 - b2)
                    p.sub_(lr * (s["m"] / (1 - b1 ** s["t"])) / ((s["v"] / (1 - b2 ** s["t"])).sqrt() + 1e-8))


class Workers:
    """Data-parallel training over `torchrun` processes of one thread each.

    On a busy machine this beats one process of several threads by far: the barriers inside oneDNN's
    convolutions cost a scheduler time slice whenever another program holds one of the cores.
    """

    def __init__(self):
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.size > 1:
            torch.distributed.init_process_group("gloo")  # processes share one machine

    def average_gradients(self, params):
        if self.size == 1:
            return
        flat = torch.cat([p.grad.reshape(-1) for p in params])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for p in params:
            p.grad.copy_(flat[at:at + p.numel()].view_as(p))
            at += p.numel()

    @torch.no_grad()
    def average_parameters(self, params):
        if self.size == 1:
            return
        flat = torch.cat([p.detach().reshape(-1) for p in params])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for p in params:
            p.copy_(flat[at:at + p.numel()].view_as(p))
            at += p.numel()

    def same(self, value):
        """The first process's number, so that all agree (on the time that has passed)."""
        if self.size == 1:
            return value
        t = torch.tensor([float(value)], dtype=torch.float64)
        torch.distributed.broadcast(t, 0)
        return t.item()
