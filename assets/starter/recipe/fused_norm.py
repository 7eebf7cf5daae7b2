"""Group norm with SiLU as one operation, for training on CPUs with AVX-512 (others use PyTorch's own)."""

import ctypes
import pathlib
import subprocess
import tempfile
import types

import torch
import torch.nn.functional as F


def _build():
    """The compiled `fused_norm.c`, or None where compiler or processor do not have what it needs."""
    here = pathlib.Path(__file__).with_name("fused_norm.c")
    try:
        if "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text():
            return None
        out = pathlib.Path(tempfile.mkdtemp()) / "fused_norm.so"
        subprocess.run(["gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", out, here], check=True, capture_output=True)
        return ctypes.CDLL(str(out))
    except (OSError, subprocess.CalledProcessError):
        return None


LIB = _build()


def _call(name, *args):
    getattr(LIB, name)(*(ctypes.c_void_p(v.data_ptr()) if isinstance(v, torch.Tensor) else ctypes.c_long(v) for v in args))


class FusedNorm(torch.autograd.Function):
    """x: bf16 [N, C, H, W] in channels-last order."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps, silu):
        n, c, h, w = x.shape
        size = h * w * (c // groups)
        total, square = torch.empty(n, c), torch.empty(n, c)
        _call("moments", x, total, square, n, h * w, c)
        mean = total.view(n, groups, -1).sum(-1) / size
        rstd = ((square.view(n, groups, -1).sum(-1) / size - mean * mean).clamp_min(0) + eps).rsqrt()
        mean, rstd = (t.repeat_interleave(c // groups, 1) for t in (mean, rstd))
        a = (rstd * weight.float()).contiguous()
        d = (bias.float() - mean * a).contiguous()
        y = torch.empty_like(x)
        _call("forward", x, y, a, d, n, h * w, c, int(silu))
        ctx.save_for_backward(x, weight, mean, rstd, a, d)
        ctx.groups, ctx.silu = groups, int(silu)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd, a, d = ctx.saved_tensors
        n, c, h, w = x.shape
        g, size = ctx.groups, h * w * (c // ctx.groups)
        dy = dy.to(x.dtype).contiguous(memory_format=torch.channels_last)
        s1, s2 = torch.empty(n, c), torch.empty(n, c)
        _call("backward_sums", dy, x, a, d, s1, s2, n, h * w, c, ctx.silu)
        s2 = (s2 - s1 * mean) * rstd  # sum of the gradient times normalised x
        m1 = ((s1 * weight).view(n, g, -1).sum(-1) / size).repeat_interleave(c // g, 1)
        m2 = ((s2 * weight).view(n, g, -1).sum(-1) / size).repeat_interleave(c // g, 1)
        b = (-m2 * rstd * rstd).contiguous()
        e = (-m1 * rstd - b * mean).contiguous()
        dx = torch.empty_like(x)
        _call("backward", dy, x, a, d, b, e, dx, n, h * w, c, ctx.silu)
        return dx, s2.sum(0), s1.sum(0), None, None, None


def group_norm(x, norm, silu):
    if LIB and x.dtype == torch.bfloat16 and x.dim() == 4 and x.shape[1] % 16 == 0 and x.is_contiguous(memory_format=torch.channels_last):
        return FusedNorm.apply(x, norm.weight, norm.bias, norm.num_groups, norm.eps, silu)
    y = F.group_norm(x, norm.num_groups, norm.weight, norm.bias, norm.eps)
    return F.silu(y) if silu else y


def _block(self, x, temb=None, *args, **kwargs):
    """The residual block of diffusers with the activations inside its norms."""
    h = self.conv1(self.norm1(x))
    if temb is not None and self.time_emb_proj is not None:
        h = h + self.time_emb_proj(F.silu(temb))[:, :, None, None]
    h = self.conv2(self.norm2(h))
    return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


def fuse(model):
    """Lets the residual blocks of a diffusers model use the fused operation; weights and results stay what they are."""
    from diffusers.models.resnet import ResnetBlock2D

    for m in model.modules():
        if isinstance(m, ResnetBlock2D):
            m.norm1.silu = m.norm2.silu = True
            m.forward = types.MethodType(_block, m)
        if hasattr(m, "conv_norm_out") and hasattr(m, "conv_act"):
            m.conv_norm_out.silu = True
            m.conv_act = torch.nn.Identity()
    return model


torch.nn.GroupNorm.forward = lambda self, x: group_norm(x, self, getattr(self, "silu", False))
