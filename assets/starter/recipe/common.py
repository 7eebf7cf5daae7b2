"""What the training scripts share: thread settings, data access, EMA and checkpoints."""

import copy
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


def autocast():
    return torch.autocast("cpu", torch.bfloat16)


def to_tensor(pictures):
    """uint8 [N, H, W, 3] -> float [N, 3, H, W] in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_pictures(x):
    return ((x.float().clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def sheet(pictures, columns):
    rows = -(-len(pictures) // columns)
    h, w = pictures.shape[1:3]
    out = np.full((rows * (h + 2), columns * (w + 2), 3), 255, np.uint8)
    for i, p in enumerate(pictures):
        y, x = divmod(i, columns)
        out[y * (h + 2):y * (h + 2) + h, x * (w + 2):x * (w + 2) + w] = p
    return out


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


class FastGroupNorm(torch.autograd.Function):
    """Group norm written for channels-last tensors, for training only.

    PyTorch's own walks such tensors plane by plane, and its backward takes most of the training time.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps):
        n, c, h, w = x.shape
        xf = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
        size = h * w * (c // groups)
        mean = xf.sum(1, dtype=torch.float32).view(n, groups, -1).sum(-1) / size
        var = (xf * xf).sum(1, dtype=torch.float32).view(n, groups, -1).sum(-1) / size - mean * mean
        rstd = (var.clamp_min(0) + eps).rsqrt()
        a = rstd.repeat_interleave(c // groups, 1) * weight
        d = bias - mean.repeat_interleave(c // groups, 1) * a
        y = torch.addcmul(d.to(x.dtype)[:, None], xf, a.to(x.dtype)[:, None])
        y = y.view(n, h, w, c).permute(0, 3, 1, 2)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.groups = groups
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        n, c, h, w = x.shape
        g = ctx.groups
        dy = dy.contiguous(memory_format=torch.channels_last)
        xf, df = x.permute(0, 2, 3, 1).reshape(n, h * w, c), dy.permute(0, 2, 3, 1).reshape(n, h * w, c)
        s1 = df.sum(1, dtype=torch.float32)
        s2 = (df * xf).sum(1, dtype=torch.float32)
        mean, rstd = (t.float().repeat_interleave(c // g, 1) for t in (mean, rstd))
        s2 = (s2 - s1 * mean) * rstd  # sum of dy * normalised x
        size = h * w * (c // g)
        m1 = (s1 * weight).view(n, g, -1).sum(-1).repeat_interleave(c // g, 1) / size
        m2 = (s2 * weight).view(n, g, -1).sum(-1).repeat_interleave(c // g, 1) / size
        a = rstd * weight
        b = -m2 * rstd * rstd
        d = -m1 * rstd - b * mean
        t = x.dtype
        dx = torch.addcmul(d.to(t)[:, None], df, a.to(t)[:, None])
        dx = dx.addcmul_(xf, b.to(t)[:, None])
        return dx.view(n, h, w, c).permute(0, 3, 1, 2), s2.sum(0), s1.sum(0), None, None


def _group_norm(self, x):
    if x.dim() == 4 and torch.is_grad_enabled() and x.is_contiguous(memory_format=torch.channels_last):
        return FastGroupNorm.apply(x, self.weight, self.bias, self.num_groups, self.eps)
    return torch.nn.functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


torch.nn.GroupNorm.forward = _group_norm


class Workers:
    """Data-parallel training over `torchrun` processes of one thread each.

    On a busy machine this beats one process of several threads by far: the barriers inside oneDNN's
    convolutions cost a scheduler time slice whenever another program holds one of the cores.
    """

    def __init__(self):
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.size > 1:
            torch.distributed.init_process_group("gloo")

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
