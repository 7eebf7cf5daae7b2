"""What happens to a drawn picture at the end: paper, brush strokes, cells of glass, pixels, glow.

Every function takes and returns a 256x256x3 picture, float32 in 0..255. `rng` decides everything that is left to chance.
"""

import functools

import cv2
import numpy as np

from paint import BIG, PAPER

cv2.setNumThreads(1)


@functools.lru_cache(None)
def noise_bank(cells, octaves=3, n=6):
    """Smooth noise of mean 0 and deviation about 0.5 on fields larger than a picture."""
    rng = np.random.default_rng([cells, octaves])
    side = BIG + 128
    out = []
    for _ in range(n):
        total, amp, c = np.zeros((side, side), np.float32), 1.0, cells
        for _ in range(octaves):
            grid = rng.standard_normal((c + 3, c + 3)).astype(np.float32)
            total += amp * cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
            amp *= 0.55
            c *= 2
        out.append(total * (0.5 / total.std()))
    return out


def noise(rng, cells, octaves=3):
    field = noise_bank(cells, octaves)[int(rng.integers(6))]
    y, x = rng.integers(0, 128, 2)
    part = field[y:y + BIG, x:x + BIG]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return part if rng.random() < 0.5 else part[::-1]


@functools.lru_cache(None)
def grid():
    y, x = np.mgrid[0:BIG, 0:BIG].astype(np.float32)
    return x, y


def wobble(img, rng, cells, reach):
    """Displaces edges a little, as a hand would."""
    x, y = grid()
    return cv2.remap(img, x + reach * noise(rng, cells, 2), y + reach * noise(rng, cells, 2), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def vector(img, pen, rng):
    return img


def watercolor(img, pen, rng):
    img = wobble(img, rng, 14, 3.2)
    small = cv2.resize(img, (128, 128), interpolation=cv2.INTER_AREA)
    flat = cv2.resize(cv2.medianBlur(small.astype(np.uint8), 5).astype(np.float32), (BIG, BIG), interpolation=cv2.INTER_CUBIC)
    img = 0.45 * img + 0.55 * flat
    grey = cv2.cvtColor(img, cv2.COLOR_RGB2GRAY)
    rim = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3.0))  # pigment gathers at the rim of a wash
    img = img * (1 - np.clip(rim / 150, 0, 0.34))[:, :, None]
    wash = 0.13 * noise(rng, 5, 3) + 0.03 * noise(rng, 60, 1)  # blooms and grain
    img = 255 - (255 - img) * np.clip(0.92 + 1.5 * wash, 0.5, 1.3)[:, :, None]
    x, y = grid()
    edge = np.minimum(np.minimum(x, BIG - 1 - x), np.minimum(y, BIG - 1 - y)) + 7.0 * noise(rng, 9, 3)
    cover = np.clip((edge - 9) / 3.0, 0, 1)
    dry = np.clip(1 - np.abs(edge - 12.5) / 4, 0, 1) * 0.16
    img = img * (1 - dry)[:, :, None]
    paper = np.array((252, 249, 240), np.float32) + (3 * noise(rng, 90, 1))[:, :, None]
    return paper * (1 - cover)[:, :, None] + img * cover[:, :, None]


def oil(img, pen, rng):
    """Strokes along the shapes, large ones first, then small ones where there is detail; light catches their ridges."""
    grey = cv2.cvtColor(img, cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(grey, (0, 0), 2.5)
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    jxx, jyy, jxy = (cv2.GaussianBlur(q, (0, 0), 5) for q in (gx * gx, gy * gy, gx * gy))
    angle = 0.5 * np.arctan2(2 * jxy, jxx - jyy) + np.pi / 2  # along the edges
    weak = jxx + jyy < 6
    angle = np.where(weak, 0.9 * noise(rng, 4, 2), angle)
    detail = cv2.GaussianBlur(np.abs(grey - soft), (0, 0), 2)
    scale = 0.35 + grey.mean() / 200
    out = cv2.GaussianBlur(img, (0, 0), 2)
    height = np.zeros((BIG, BIG), np.float32)
    for width, length, step, need in ((9, 15, 9, 0.0), (5, 8, 5.5, 1.4), (3, 5, 3.6, 3.2), (2, 3, 2.8, 6.5)):
        n = int(BIG / step)
        ys, xs = np.mgrid[0:n, 0:n].reshape(2, -1) * step + step / 2
        xs = np.clip(xs + rng.uniform(-step / 2, step / 2, len(xs)), 0, BIG - 1).astype(int)
        ys = np.clip(ys + rng.uniform(-step / 2, step / 2, len(ys)), 0, BIG - 1).astype(int)
        keep = detail[ys, xs] >= need * scale
        xs, ys = xs[keep], ys[keep]
        order = rng.permutation(len(xs))
        xs, ys = xs[order], ys[order]
        a = angle[ys, xs] + rng.normal(0, 0.18, len(xs))
        colour = np.clip(img[ys, xs] + rng.normal(0, 5, (len(xs), 1)) + rng.normal(0, 2.5, (len(xs), 3)), 0, 255)
        dx, dy = np.cos(a) * length / 2, np.sin(a) * length / 2
        p0 = np.stack([xs - dx, ys - dy], 1).astype(int).tolist()
        p1 = np.stack([xs + dx, ys + dy], 1).astype(int).tolist()
        level = rng.uniform(0, 1, len(xs)).tolist()
        for q0, q1, c, h in zip(p0, p1, colour.tolist(), level):
            cv2.line(out, q0, q1, c, width)
            cv2.line(height, q0, q1, h, width)
    height = cv2.GaussianBlur(height, (0, 0), 0.8)
    light = cv2.Sobel(height, cv2.CV_32F, 1, 0) + cv2.Sobel(height, cv2.CV_32F, 0, 1)
    out = 0.72 * cv2.GaussianBlur(out, (0, 0), 0.5) + 0.28 * img
    return out + np.clip(light * 6, -14, 14)[:, :, None] 


@functools.lru_cache(None)
def bayer():
    m = np.array([[0, 2], [3, 1]])
    m = np.block([[4 * m, 4 * m + 2], [4 * m + 3, 4 * m + 1]])
    return np.tile((m.astype(np.float32) + 0.5) / 16 - 0.5, (16, 16))


def pixel(img, pen, rng):
    """64x64 cells of 4x4 pixels, few tones, ordered dither in the soft parts."""
    small = cv2.resize(img, (64, 64), interpolation=cv2.INTER_AREA)
    middle = cv2.resize(img, (128, 128), interpolation=cv2.INTER_AREA)[1::2, 1::2]  # keeps thin lines crisp
    small = 0.5 * small + 0.5 * middle
    grey = small.mean(2, keepdims=True)
    small = grey + (small - grey) * 1.15
    step = 34.0
    small = np.round((small + bayer()[:, :, None] * step * 0.42) / step) * step
    return np.repeat(np.repeat(np.clip(small, 0, 255), 4, 0), 4, 1)


@functools.lru_cache(None)
def hatches():
    x, y = grid()  # the pattern repeats every 16 pixels, as the autoencoder's cells do
    return [0.5 + 0.5 * np.sin((x + d * y) * 2 * np.pi / 8) for d in (1, -1)]


def ink(img, pen, rng):
    """Pen lines over pale washes: the darker, the denser the hatching."""
    x, y = grid()
    bend_x, bend_y = x + 1.6 * noise(rng, 12, 2), y + 1.6 * noise(rng, 12, 2)
    img = cv2.remap(img, bend_x, bend_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    grey = cv2.GaussianBlur(cv2.cvtColor(img, cv2.COLOR_RGB2GRAY), (0, 0), 2.0)
    h1, h2 = hatches()
    dark1, dark2 = np.clip((180 - grey) / 150, 0, 0.75), np.clip((120 - grey) / 110, 0, 0.7)
    lines = np.maximum(np.clip((dark1 - h1) * 5, 0, 1), np.clip((dark2 - h2) * 5, 0, 1))
    paper = np.array(PAPER, np.float32)
    washed = img * (1.02 + 0.05 * noise(rng, 6, 3)[:, :, None])
    washed = 0.86 * washed + 0.14 * paper
    out = washed * (1 - 0.62 * lines[:, :, None]) + np.array((38, 32, 36), np.float32) * 0.62 * lines[:, :, None]
    return out


def glass(img, pen, rng):
    """Every shape breaks into pieces of one colour each, held by lead."""
    step = 30
    n = BIG // step + 2
    gy, gx = np.mgrid[0:n, 0:n].reshape(2, -1)
    px = np.clip((gx + 0.5 * (gy % 2) + rng.uniform(-0.34, 0.34, len(gx))) * step - step / 2, 0, BIG - 1).astype(int)
    py = np.clip((gy + rng.uniform(-0.34, 0.34, len(gy))) * step - step / 2, 0, BIG - 1).astype(int)
    seeds = np.full((BIG, BIG), 255, np.uint8)
    seeds[py, px] = 0
    _, cells = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    ids = pen.ids_pixels[:, :, 0].astype(np.int64) * 256 + pen.ids_pixels[:, :, 1]
    key = (cells.astype(np.int64) << 16) + ids
    _, label = np.unique(key.reshape(-1), return_inverse=True)
    count = np.bincount(label).astype(np.float32)
    flat = np.stack([np.bincount(label, img[:, :, k].reshape(-1)) / count for k in range(3)], 1)
    flat = flat * (1 + 0.07 * rng.standard_normal((len(flat), 1)))
    grey = flat.mean(1, keepdims=True)
    flat = grey + (flat - grey) * 1.12
    out = flat[label].reshape(BIG, BIG, 3).astype(np.float32)
    out = out * (1.03 + 0.08 * noise(rng, 14, 2))[:, :, None]
    edge = (cells != np.roll(cells, 1, 0)) | (cells != np.roll(cells, 1, 1))
    edge = cv2.GaussianBlur(cv2.dilate(edge.astype(np.float32), np.ones((2, 2))), (0, 0), 0.7)
    lead = np.array((22, 20, 28), np.float32)
    e = np.clip(edge * 1.25, 0, 0.9)[:, :, None]
    out = out * (1 - e) + lead * e
    a = pen.over_pixels[:, :, 3:4].astype(np.float32) / 255  # premultiplied
    out = out * (1 - a) + pen.over_pixels[:, :, :3].astype(np.float32)
    return out


def paper(img, pen, rng):
    fibre = 2.0 * noise(rng, 80, 2) + 2.0 * noise(rng, 12, 2)
    return img + fibre[:, :, None]


def neon(img, pen, rng):
    excess = np.clip(img - 90, 0, 255)
    near = cv2.GaussianBlur(cv2.resize(excess, (128, 128), interpolation=cv2.INTER_AREA), (0, 0), 1.6)
    wide = cv2.GaussianBlur(cv2.resize(excess, (64, 64), interpolation=cv2.INTER_AREA), (0, 0), 3.0)
    size = dict(dsize=(BIG, BIG), interpolation=cv2.INTER_LINEAR)
    return img * 0.97 + 0.75 * cv2.resize(near, **size) + 0.85 * cv2.resize(wide, **size)


FINISH = dict(vector=vector, watercolor=watercolor, oil=oil, pixel=pixel, ink=ink, glass=glass, paper=paper, neon=neon)


def finish(pen, rng):
    img = np.ascontiguousarray(pen.rgb()).astype(np.float32)
    return np.clip(FINISH[pen.style](img, pen, rng) + 0.5, 0, 255).astype(np.uint8)
