"""Pictures that show nothing in particular: dead leaves, strokes, gradients, noise and checkers.

They are mixed into the autoencoder's training so that pictures other than our scenes survive it.
"""

import numpy as np
import skia

from render import SIZE, fill, gradient, line, noise_texture


def colour(r):
    c = r.uniform(0, 255, 3)
    return tuple(c if r.random() < 0.7 else np.full(3, c.mean()) + r.normal(0, 12, 3))


def generic(seed):
    """One such picture as uint8 [128, 128, 3]."""
    r = np.random.default_rng(seed)
    out = np.zeros((SIZE, SIZE, 4), np.uint8)
    c = skia.Surface(out).getCanvas()
    a, b = r.uniform(0, SIZE, 2), r.uniform(0, SIZE, 2)
    c.drawRect(skia.Rect(0, 0, SIZE, SIZE), gradient(tuple(a), tuple(b), [colour(r), colour(r), colour(r)]))
    kind = r.integers(5)
    if kind in (0, 1):
        for _ in range(int(r.integers(20, 160))):
            rad = float(2 + 40 * r.random() ** 3)
            x, y = map(float, r.uniform(-8, SIZE + 8, 2))
            c.save()
            c.translate(x, y)
            c.rotate(float(r.uniform(0, 360)))
            box = skia.Rect(-rad, -rad * float(r.uniform(0.3, 1)), rad, rad * float(r.uniform(0.3, 1)))
            paint = fill(colour(r), 1) if r.random() < 0.6 else gradient((-rad, 0), (rad, 0), [colour(r), colour(r)])
            (c.drawOval if kind == 0 or r.random() < 0.5 else c.drawRect)(box, paint)
            c.restore()
    elif kind == 2:
        for _ in range(int(r.integers(10, 120))):
            x0, y0, x1, y1, x2, y2 = map(float, r.uniform(-10, SIZE + 10, 6))
            p = skia.Path()
            p.moveTo(x0, y0)
            p.quadTo(x1, y1, x2, y2)
            c.drawPath(p, line(colour(r), float(r.uniform(0.7, 7)), float(r.uniform(0.4, 1))))
    elif kind == 3:
        tex = np.stack([noise_texture(r, SIZE, int(r.integers(2, 24)), 4)] * 3, -1) * r.uniform(20, 90)
        tex = tex * r.uniform(0.2, 1.2, 3)
        out[..., :3] = np.clip(out[..., :3] + tex, 0, 255)
    else:
        n = int(r.integers(3, 12))
        k = SIZE / n
        two = [colour(r), colour(r)]
        for i in range(n):
            for j in range(n):
                if r.random() < 0.7:
                    c.drawRect(skia.Rect(j * k, i * k, j * k + k, i * k + k), fill(two[(i + j) % 2] if r.random() < 0.8 else colour(r)))
    return out[..., :3].copy()
