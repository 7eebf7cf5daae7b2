"""Pictures that show nothing in particular: dead leaves, strokes, letters, gradients, noise and checkers.

They are mixed into the autoencoder's training so that pictures other than our scenes survive it.
"""

import cv2
import numpy as np
import skia

from paint import fill, line, linear
from styles import noise

SIZE = 256


def colour(r):
    c = r.uniform(0, 255, 3)
    return tuple(c if r.random() < 0.55 else np.full(3, c.mean()) + r.normal(0, 14, 3))


def generic(seed):
    """One such picture as uint8 [256, 256, 3]."""
    r = np.random.default_rng([seed, 5])
    out = np.zeros((SIZE, SIZE, 4), np.uint8)
    c = skia.Surface(out).getCanvas()
    a, b = r.uniform(0, SIZE, 2), r.uniform(0, SIZE, 2)
    c.drawRect(skia.Rect(0, 0, SIZE, SIZE), linear(tuple(map(float, a)), tuple(map(float, b)), [colour(r), colour(r), colour(r)]))
    kind = r.integers(6)
    if kind in (0, 1, 2):  # dead leaves: sizes as in photographs
        for _ in range(int(r.integers(40, 260))):
            rad = float(3 + 90 * r.random() ** 3)
            x, y = map(float, r.uniform(-16, SIZE + 16, 2))
            c.save()
            c.translate(x, y)
            c.rotate(float(r.uniform(0, 360)))
            box = skia.Rect(-rad, -rad * float(r.uniform(0.3, 1)), rad, rad * float(r.uniform(0.3, 1)))
            paint = fill(colour(r), 1, float(r.uniform(0, 4)) if kind == 2 else 0.0) if r.random() < 0.6 else linear((-rad, 0), (rad, 0), [colour(r), colour(r)])
            (c.drawOval if kind == 0 or r.random() < 0.5 else c.drawRect)(box, paint)
            c.restore()
    elif kind == 3:
        for _ in range(int(r.integers(10, 120))):
            x0, y0, x1, y1, x2, y2 = map(float, r.uniform(-20, SIZE + 20, 6))
            p = skia.Path()
            p.moveTo(x0, y0)
            p.quadTo(x1, y1, x2, y2)
            c.drawPath(p, line(colour(r), float(r.uniform(1, 12)), float(r.uniform(0.4, 1))))
    elif kind == 4:
        for _ in range(int(r.integers(3, 14))):
            word = "".join(chr(int(k)) for k in r.integers(48, 122, int(r.integers(2, 9))))
            c.drawString(word, float(r.uniform(-20, 200)), float(r.uniform(10, 256)), skia.Font(None, float(r.uniform(12, 60))), fill(colour(r)))
    else:
        n = int(r.integers(3, 14))
        k = SIZE / n
        two = [colour(r), colour(r)]
        for i in range(n):
            for j in range(n):
                if r.random() < 0.7:
                    c.drawRect(skia.Rect(j * k, i * k, j * k + k, i * k + k), fill(two[(i + j) % 2] if r.random() < 0.8 else colour(r)))
    img = out[..., :3].astype(np.float32)
    if r.random() < 0.7:
        img += noise(r, int(r.choice([5, 9, 14, 26])), 3)[:, :, None] * r.uniform(5, 70) * r.uniform(0.3, 1.2, 3).astype(np.float32)
    if r.random() < 0.4:
        img += noise(r, 90, 1)[:, :, None] * r.uniform(3, 40)
    if r.random() < 0.4:
        img = cv2.GaussianBlur(img, (0, 0), float(r.uniform(0.5, 3)))
    return np.clip(img, 0, 255).astype(np.uint8)
