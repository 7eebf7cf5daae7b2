"""Procedural painter of the starter model's training pictures.

`draw(spec, seed)` returns a 128x128x3 uint8 picture of a scene description (`captions.random_spec`).
Everything is drawn with anti-aliased vector shapes (skia) on a 256x256 canvas whose user space is
128x128 units, post-processed by the style filters below and box-filtered to 128x128. The same
`(spec, seed)` always gives the same picture.

    python render.py --sheet sheet.png           # look at 64 random pictures
    python render.py --count 25600 --out DATA    # write the training set (pictures.npy)
"""

import argparse
import functools
import math
import multiprocessing
import pathlib

import numpy as np
import skia

SIZE = 128
SCALE = 2
BIG = SIZE * SCALE

# Sky stops from zenith to horizon, light tint, haze, sun colour, strength of the light/shade contrast.
TIMES = {
    "sunrise": dict(sky=[(104, 142, 204), (206, 178, 205), (255, 196, 160), (255, 232, 178)], tint=(1.0, 0.88, 0.82),
                    haze=(250, 205, 185), sun=(255, 244, 200), cloud=(255, 214, 200)),
    "day": dict(sky=[(42, 116, 208), (88, 160, 230), (150, 202, 244), (214, 236, 248)], tint=(1.0, 1.0, 0.98),
                haze=(190, 218, 240), sun=(255, 250, 222), cloud=(255, 255, 255)),
    "sunset": dict(sky=[(58, 42, 110), (150, 60, 120), (238, 96, 70), (255, 186, 84)], tint=(0.92, 0.62, 0.58),
                   haze=(236, 122, 92), sun=(255, 226, 130), cloud=(250, 130, 110)),
    "night": dict(sky=[(6, 9, 34), (12, 20, 58), (26, 42, 92), (52, 74, 128)], tint=(0.30, 0.38, 0.62),
                  haze=(40, 58, 108), sun=(250, 248, 224), cloud=(70, 84, 128)),
}

COLOURS = {
    "red": (214, 40, 44), "orange": (242, 134, 30), "yellow": (250, 206, 46), "green": (58, 160, 76),
    "blue": (40, 98, 206), "purple": (136, 66, 186), "pink": (244, 122, 172), "white": (244, 242, 236),
    "black": (44, 42, 52), "grey": (142, 144, 152), "brown": (132, 84, 50),
}


SUBJECT_TINT = {"night": (0.56, 0.60, 0.80), "sunset": (1.0, 0.80, 0.74)}  # so that colours stay readable


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def mul(a, f):
    return tuple(x * f for x in a) if np.isscalar(f) else tuple(x * y for x, y in zip(a, f))


def rgba(c, a=1.0):
    r, g, b = (int(min(255, max(0, v))) for v in c)
    return skia.Color(r, g, b, int(255 * min(1.0, max(0.0, a))))


def fill(c, a=1.0, blur=0.0):
    paint = skia.Paint(AntiAlias=True, Color=rgba(c, a))
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def gradient(p0, p1, colours, stops=None):
    colours = [c if isinstance(c, int) else rgba(c) for c in colours]
    stops = stops or [i / (len(colours) - 1) for i in range(len(colours))]
    return skia.Paint(AntiAlias=True, Shader=skia.GradientShader.MakeLinear([p0, p1], colours, stops))


def glow(centre, radius, colours, stops=None):
    stops = stops or [i / (len(colours) - 1) for i in range(len(colours))]
    return skia.Paint(AntiAlias=True, Shader=skia.GradientShader.MakeRadial(centre, radius, colours, stops))


def line(c, w, a=1.0):
    return skia.Paint(AntiAlias=True, Color=rgba(c, a), Style=skia.Paint.kStroke_Style, StrokeWidth=w,
                      StrokeCap=skia.Paint.kRound_Cap, StrokeJoin=skia.Paint.kRound_Join)


def poly(points, closed=True):
    path = skia.Path()
    path.moveTo(*map(float, points[0]))
    for p in points[1:]:
        path.lineTo(*map(float, p))
    if closed:
        path.close()
    return path


def smooth(points, closed=False, path=None):
    """A path through the mid-points of `points` with the points as quadratic controls."""
    if path is None:
        path = skia.Path()
    pts = [tuple(map(float, p)) for p in points]
    if closed:
        mid = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(pts, pts[1:] + pts[:1])]
        path.moveTo(*mid[-1])
        for p, m in zip(pts, mid):
            path.quadTo(*p, *m)
        path.close()
        return path
    path.moveTo(*pts[0])
    for a, b in zip(pts[1:-1], pts[2:]):
        path.quadTo(*a, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    path.lineTo(*pts[-1])
    return path


def noise_texture(rng, size, cells, octaves=3):
    """Smooth value noise of mean 0 and range about -1..1."""
    total = np.zeros((size, size), np.float32)
    amp = 1.0
    for _ in range(octaves):
        grid = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
        at = np.linspace(0, cells, size, endpoint=False)
        i = at.astype(int)
        f = (at - i).astype(np.float32)
        f = f * f * (3 - 2 * f)
        rows = grid[i] * (1 - f)[:, None] + grid[i + 1] * f[:, None]
        total += amp * (rows[:, i] * (1 - f) + rows[:, i + 1] * f)
        amp *= 0.55
        cells *= 2
    return total / 2


def subject(method):
    """Marks a method that draws a subject: it is lit a little better than the land around it."""

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        before = self.pal["tint"]
        self.pal["tint"] = SUBJECT_TINT.get(self.time, before)
        method(self, *args, **kwargs)
        self.pal["tint"] = before

    return wrapped


class Painter:
    """Draws one scene. Methods are the parts of a landscape, from far to near."""

    def __init__(self, spec, seed):
        self.spec = spec
        self.r = np.random.default_rng(seed)
        self.pixels = np.zeros((BIG, BIG, 4), np.uint8)
        self.surface = skia.Surface(self.pixels)
        self.c = self.surface.getCanvas()
        self.c.scale(SCALE, SCALE)
        self.time = spec.get("time", "day")
        self.pal = dict(TIMES[self.time])
        wobble = self.r.uniform(0.94, 1.06, 3)
        self.pal["sky"] = [mul(c, wobble) for c in self.pal["sky"]]
        self.night = self.time == "night"
        self.horizon = 74.0
        self.sun = (64.0, 40.0)
        self.lit_left = True

    # -- light ---------------------------------------------------------------------------------

    def u(self, a, b):
        return float(self.r.uniform(a, b))

    def lit(self, c, depth=0.0):
        """A surface colour under this hour's light, `depth` 0 near .. 1 lost in haze."""
        return mix(mul(c, self.pal["tint"]), self.pal["haze"], depth)

    # -- sky -----------------------------------------------------------------------------------

    def sky(self, low=None):
        h = self.horizon if low is None else low
        self.c.drawRect(skia.Rect(0, 0, SIZE, SIZE),
                        gradient((0, 0), (0, h + 2), self.pal["sky"], [0, 0.4, 0.75, 1]))
        x = self.u(22, 106)
        if self.night:
            self.sun = (x, self.u(14, 32))
            self.stars(h)
            self.moon()
        elif self.time == "day":
            self.sun = (x, self.u(10, 26))
            if self.r.random() < 0.6:
                self.sun_disc(self.u(6, 8.5), 26)
        else:
            low_by = self.u(-2, 4) if self.r.random() < 0.4 else self.u(8, 26)
            if self.spec["setting"] == "mountains":
                low_by = low_by + 14 if low_by < 8 else low_by + 8
            self.sun = (x, h - low_by)
            self.sun_disc(self.u(8, 13), 62)
        self.lit_left = self.sun[0] < 64
        if self.r.random() < (0.75 if not self.night else 0.35):
            self.clouds(h)

    def sun_disc(self, radius, reach):
        x, y = self.sun
        s = self.pal["sun"]
        self.c.drawCircle(x, y, reach, glow((x, y), reach, [rgba(s, 0.75), rgba(mix(s, self.pal["haze"], 0.5), 0.3),
                                                            rgba(self.pal["haze"], 0)]))
        self.c.drawCircle(x, y, radius, fill(mix(s, (255, 255, 255), 0.25)))

    def moon(self):
        x, y = self.sun
        rad = self.u(6.5, 10)
        s = self.pal["sun"]
        self.c.drawCircle(x, y, 34, glow((x, y), 34, [rgba(s, 0.45), rgba((120, 140, 210), 0.14), rgba((80, 100, 180), 0)]))
        if self.r.random() < 0.35:
            self.c.save()
            hole = skia.Path()
            hole.addCircle(x + rad * 0.55, y - rad * 0.25, rad * 0.9)
            self.c.clipPath(hole, skia.ClipOp.kDifference, True)
            self.c.drawCircle(x, y, rad, fill(s))
            self.c.restore()
        else:
            self.c.drawCircle(x, y, rad, glow((x - 2, y - 2), rad * 1.5, [rgba((255, 254, 240)), rgba((214, 214, 206))]))
            for dx, dy, k in ((-0.3, 0.2, 0.24), (0.32, -0.2, 0.18), (0.2, 0.42, 0.14)):
                self.c.drawCircle(x + dx * rad, y + dy * rad, k * rad, fill((188, 190, 196), 0.7))

    def stars(self, h):
        for _ in range(6 if self.spec["style"] == "ink" else int(self.r.integers(14, 30))):
            x, y = self.u(0, 128), self.u(0, h * 0.92)
            rad = self.u(0.6, 1.25)
            self.c.drawCircle(x, y, rad * 2.2, fill((160, 180, 255), 0.18))
            self.c.drawCircle(x, y, rad, fill((255, 255, 245), self.u(0.7, 1)))

    def clouds(self, h):
        col = self.pal["cloud"]
        for _ in range(int(self.r.integers(1, 5))):
            x, y, w = self.u(-8, 136), self.u(6, h * 0.62), self.u(12, 26)
            if self.time in ("sunset", "sunrise") and self.r.random() < 0.6:
                for _ in range(3):  # long bands lit from below
                    yy, ww = y + self.u(-4, 4), w * self.u(0.8, 1.7)
                    xx = x + self.u(-14, 14)
                    band = smooth([(xx - ww, yy), (xx - ww * 0.4, yy - self.u(1.5, 3.5)), (xx + ww * 0.5, yy - self.u(1, 3)),
                                   (xx + ww, yy), (xx + ww * 0.3, yy + 1.6), (xx - ww * 0.5, yy + 1.4)], True)
                    self.c.drawPath(band, fill(col, 0.55, 0.8))
                continue
            n = int(self.r.integers(4, 8))
            puffs = [(x + (i / (n - 1) - 0.5) * 2 * w, w * (0.24 + 0.26 * math.sin(math.pi * (i + 0.5) / n)) * self.u(0.8, 1.2))
                     for i in range(n)]
            shade = mix(col, self.pal["sky"][1], 0.3)
            for px, rad in puffs:
                self.c.drawOval(skia.Rect(px - rad * 1.25, y - rad * 0.75, px + rad * 1.25, y + rad * 0.7), fill(shade, 0.75, 1.2))
            for px, rad in puffs:
                self.c.drawOval(skia.Rect(px - rad * 1.1, y - rad * 1.0, px + rad * 1.1, y + rad * 0.35), fill(col, 0.85, 1.0))

    # -- land ----------------------------------------------------------------------------------

    def ridge(self, base, amp, rough=0.5, n=6):
        """A fractal sky line as a list of points across the picture."""
        ys = [self.u(-1, 1), self.u(-1, 1)]
        scale = 1.0
        for _ in range(n):
            out = []
            for a, b in zip(ys, ys[1:]):
                out += [a, (a + b) / 2 + self.u(-1, 1) * scale]
            ys = out + [ys[-1]]
            scale *= rough
        return [(-4 + 136 * i / (len(ys) - 1), base - y * amp) for i, y in enumerate(ys)]

    def band(self, top, c_top, c_bottom, to=SIZE, curve=False):
        """Everything under the line `top`, shaded downwards."""
        path = smooth(top) if curve else poly(top, closed=False)
        path.lineTo(136, 140)
        path.lineTo(-8, 140)
        path.close()
        y0 = min(p[1] for p in top)
        self.c.drawPath(path, gradient((0, y0), (0, max(to, y0 + 4)), [c_top, c_bottom]))
        return path

    def hills(self, base, amp, colour, depth=0.0, dark=0.72):
        n = 5
        x0 = self.u(-20, 0)
        pts = [(-12, base + self.u(-1, 1) * amp)]
        pts += [(x0 + 34 * i + self.u(-7, 7), base + self.u(-1, 1) * amp) for i in range(1, n)]
        pts += [(140, base + self.u(-1, 1) * amp)]
        return self.band(pts, self.lit(colour, depth), self.lit(mul(colour, dark), depth * 0.6), base + 34, True)

    def mountain(self, x, base, height, half, rock, depth, snow):
        """One peak: lit face, shaded face, zigzag ridge line and a snow cap."""
        top = base - height
        side = 1 if self.lit_left else -1
        k = 7
        left, right, crest = [], [], []
        for i in range(k + 1):
            t = i / k
            j = 0 if i in (0, k) else 1
            left.append((x - half * t + j * self.u(-1.4, 1.4), top + height * t ** self.u(0.92, 1.08) if i else top))
            right.append((x + half * t + j * self.u(-1.4, 1.4), top + height * t ** self.u(0.92, 1.08) if i else top))
            crest.append((x + (j * self.u(-3.2, 3.2) + side * 0.12 * half * t), top + height * t))
        light, dark = self.lit(mul(rock, 1.12), depth), self.lit(mul(rock, 0.62), depth)
        foot = mix(self.lit(rock, depth), self.pal["haze"], 0.25)
        body = poly(left + right[::-1])
        self.c.drawPath(body, gradient((0, top), (0, base), [light, mix(light, foot, 0.7)]))
        shaded = poly((crest + right[::-1]) if side > 0 else (crest + left[::-1]))
        self.c.drawPath(shaded, gradient((0, top), (0, base), [dark, mix(dark, foot, 0.6)]))
        if snow:
            self.c.save()
            self.c.clipPath(body, True)
            depth_of_cap = height * self.u(0.28, 0.45)
            n = 8
            low = [(x - half + 2 * half * i / n, top + depth_of_cap * (1 + (0.28 if i % 2 else -0.28) * self.u(0.6, 1.4)))
                   for i in range(n + 1)]
            white = self.lit((250, 251, 255), depth * 0.6)
            self.c.drawPath(poly([(x - half, top - 5)] + low + [(x + half, top - 5)]), fill(white))
            self.c.save()
            self.c.clipPath(shaded, True)
            self.c.drawPath(poly([(x - half, top - 5)] + low + [(x + half, top - 5)]),
                            fill(mix(white, self.lit((120, 140, 190), depth), 0.55)))
            self.c.restore()
            self.c.restore()

    def range(self, base, big=True):
        rock = mix((108, 106, 124), (126, 96, 86), self.u(0, 1))
        if self.time == "sunset":
            rock = mix(rock, (112, 70, 130), 0.5)
        snow = self.spec.get("setting") == "snow" or self.r.random() < 0.6
        self.band(self.ridge(base - (20 if big else 10), 9), self.lit(rock, 0.68), self.lit(rock, 0.85), base)
        self.band(self.ridge(base - (11 if big else 5), 7), self.lit(rock, 0.5), self.lit(rock, 0.72), base)
        n = int(self.r.integers(2, 5))
        xs = np.linspace(6, 122, n) + self.r.uniform(-12, 12, n)
        order = self.r.permutation(n)
        for rank, i in enumerate(order):
            tall = self.u(26, 48) if big else self.u(14, 24)
            self.mountain(float(xs[i]), base + 4, tall, tall * self.u(0.85, 1.25), rock, 0.34 - 0.2 * rank / n, snow)

    def pine(self, x, y, h, c, depth=0.0, snow=False):
        w = h * 0.26
        c.drawRect(skia.Rect(x - h * 0.035, y - h * 0.2, x + h * 0.035, y), fill(self.lit((84, 58, 42), depth)))
        green = mix((30, 84, 56), (48, 104, 58), self.u(0, 1))
        for i in range(3):
            t = i / 3
            top, low, ww = y - h * (0.48 + 0.52 * t) - h * 0.02, y - h * (0.12 + 0.27 * i), w * (1 - 0.27 * i)
            top = y - h * (0.55 + 0.225 * i)
            light, dark = self.lit(mul(green, 1.25), depth), self.lit(mul(green, 0.66), depth)
            pair = (light, dark) if self.lit_left else (dark, light)
            c.drawPath(poly([(x, top), (x + ww, low), (x, low + h * 0.03), (x - ww, low)]),
                       gradient((x - ww, 0), (x + ww, 0), list(pair)))
            if snow:
                c.drawPath(poly([(x, top), (x + ww * 0.62, low - h * 0.13), (x + ww * 0.2, low - h * 0.1), (x, low - h * 0.16),
                                 (x - ww * 0.25, low - h * 0.09), (x - ww * 0.62, low - h * 0.13)]), fill(self.lit((244, 248, 255), depth)))

    def pines(self, y0, y1, count, h0, h1, depth=0.0, snow=False, gap=None):
        trees = sorted((self.u(y0, y1), self.u(-2, 130)) for _ in range(count))
        for y, x in trees:
            if gap and gap[0] < x < gap[1]:
                continue
            t = (y - y0) / max(1e-6, y1 - y0)
            self.pine(x, y, (h0 + (h1 - h0) * t) * self.u(0.8, 1.2), self.c, depth * (1 - t), snow)

    def water(self, top, colour=(34, 104, 150), bottom=SIZE):
        """Water from `top` down: a wavy, darkened mirror image, streaks and a glitter path."""
        t = int(top * SCALE)
        n = BIG - t
        rows = np.clip(t - 1 - (np.arange(n) * 0.9).astype(int), 0, t - 1)
        mirror = self.pixels[rows].astype(np.float32)
        ys = np.arange(n)
        amp = 0.5 + 5.0 * ys / n
        shift = (amp * np.sin(ys * (0.55 - 0.25 * ys / n) + self.u(0, 6)) + amp * 0.6 * np.sin(ys * 0.21 + self.u(0, 6))).astype(int)
        cols = (np.arange(BIG)[None, :] + shift[:, None]) % BIG
        mirror = np.take_along_axis(mirror, cols[:, :, None], 1)
        deep = np.array(self.lit(colour) + (255,), np.float32)
        k = (0.42 + 0.4 * (ys / n))[:, None, None]
        mirror = mirror * (1 - k) + deep * k
        mirror *= (1.0 - 0.22 * (ys / n))[:, None, None]
        mirror[..., 3] = 255
        self.pixels[t:] = mirror.clip(0, 255).astype(np.uint8)
        self.c.drawRect(skia.Rect(0, top - 0.4, SIZE, top + 1), fill(mix(self.pal["haze"], (255, 255, 255), 0.2), 0.5))
        light = mix(self.pal["sky"][3], (255, 255, 255), 0.25)
        for _ in range(int(self.r.integers(10, 20))):
            y = top + (bottom - top) * self.u(0.04, 1) ** 1.3
            w = 3 + 14 * (y - top) / (SIZE - top) * self.u(0.6, 1.3)
            x = self.u(-4, 130)
            self.c.drawOval(skia.Rect(x - w, y - 0.35, x + w, y + 0.55), fill(light, self.u(0.18, 0.42)))
        x, y = self.sun
        if y < top and (self.time != "day" or self.r.random() < 0.3):
            s = self.pal["sun"]
            for i in range(16):
                f = i / 16
                yy = top + 1 + (bottom - top) * f
                w = (2.5 + 7 * f) * self.u(0.5, 1.15)
                xx = x + self.u(-1, 1) * (1 + 4 * f)
                self.c.drawOval(skia.Rect(xx - w, yy - 0.5 - f * 0.6, xx + w, yy + 0.6 + f * 0.6), fill(s, 0.62 - 0.3 * f))

    def shadow(self, x, y, w, h=1.8, a=0.35):
        dx = (2.5 if self.lit_left else -2.5)
        self.c.drawOval(skia.Rect(x - w + dx, y - h, x + w + dx, y + h), fill(mul(self.pal["sky"][0], 0.25), a, 1.0))

    # -- subjects ------------------------------------------------------------------------------

    def faces(self, x0, x1, c, depth=0.0, strength=0.45):
        """Left-to-right cylinder shading of a body between x0 and x1."""
        hi, lo = self.lit(mix(c, (255, 255, 255), 0.12), depth), self.lit(mul(c, 1 - strength), depth)
        cols = [mix(hi, lo, 0.25), hi, mix(hi, lo, 0.4), lo]
        return gradient((x0, 0), (x1, 0), cols if self.lit_left else cols[::-1], [0, 0.28, 0.6, 1] if self.lit_left else [0, 0.4, 0.72, 1])

    @subject
    def lighthouse(self, x, y, h, colour):
        w = h * 0.125
        lamp_y = y - h * 0.86
        if self.night or self.time == "sunset":
            a = 0.75 if self.night else 0.3
            way = 1 if x < 64 else -1
            for d in ((way, 1.0), (-way, 0.6)):
                reach = 80 * d[1]
                beam = poly([(x, lamp_y - 1), (x + d[0] * reach, lamp_y - reach * 0.20), (x + d[0] * reach, lamp_y + reach * 0.05)])
                self.c.drawPath(beam, gradient((x, 0), (x + d[0] * reach, 0), [rgba((255, 240, 160), a), rgba((255, 240, 160), 0)]))
        body = [(x - w, y), (x - w * 0.62, y - h * 0.76), (x + w * 0.62, y - h * 0.76), (x + w, y)]
        white = (248, 246, 240)
        self.c.drawPath(poly(body), self.faces(x - w, x + w, white))
        if colour != "white":
            self.c.save()
            self.c.clipPath(poly(body), True)
            n = 5
            for i in range(0, n, 2):
                a, b = y - h * 0.76 * (i + 1) / n, y - h * 0.76 * i / n
                self.c.drawRect(skia.Rect(x - w, a, x + w, b), self.faces(x - w, x + w, COLOURS[colour]))
            self.c.restore()
        dark = self.lit((60, 62, 74))
        self.c.drawRect(skia.Rect(x - w * 0.95, y - h * 0.79, x + w * 0.95, y - h * 0.755), fill(dark))
        glass = (255, 236, 150) if self.night or self.time == "sunset" else self.lit((190, 222, 236))
        self.c.drawRect(skia.Rect(x - w * 0.5, y - h * 0.91, x + w * 0.5, y - h * 0.79), fill(glass))
        self.c.drawLine(x, y - h * 0.91, x, y - h * 0.79, line(dark, 0.6))
        top = COLOURS[colour] if colour not in ("white",) else (176, 44, 44)
        self.c.drawPath(poly([(x - w * 0.72, y - h * 0.9), (x, y - h), (x + w * 0.72, y - h * 0.9)]),
                        self.faces(x - w * 0.7, x + w * 0.7, top))
        if self.night:
            self.c.drawCircle(x, lamp_y, 16, glow((x, lamp_y), 16, [rgba((255, 246, 190), 0.95), rgba((255, 220, 120), 0.3), rgba((255, 220, 120), 0)]))
        door = skia.Rect(x - w * 0.28, y - h * 0.1, x + w * 0.28, y)
        self.c.drawRoundRect(door, 1, 1, fill(self.lit((96, 62, 44))))
        for f in (0.3, 0.55):
            self.c.drawRoundRect(skia.Rect(x - w * 0.16, y - h * f - 2, x + w * 0.16, y - h * f + 1), 0.6, 0.6,
                                 fill((255, 226, 130) if self.night else self.lit((70, 84, 110))))

    def headland(self, x, y, w, green=True):
        """A rock in the water that carries a subject."""
        pts = [(x - w, 140)]
        for i in range(9):
            t = i / 8
            pts.append((x - w + 2 * w * t, y + 9 * abs(2 * t - 1) ** 2.2 * self.u(0.9, 1.3) + self.u(-0.6, 0.6)))
        foot = y + self.u(15, 22)
        bottom = [(x + w * 1.06, foot), (x + w * 0.4, foot + 3), (x - w * 0.3, foot + 2.4), (x - w * 1.06, foot)]
        rock = (112, 98, 90)
        body = poly(pts[1:] + bottom)
        self.c.drawPath(body, gradient((x - w, y), (x + w * 0.6, foot), [self.lit(mul(rock, 1.15)), self.lit(mul(rock, 0.55))]
                                       if self.lit_left else [self.lit(mul(rock, 0.55)), self.lit(mul(rock, 1.15))]))
        for _ in range(7):
            px, py = x + self.u(-0.85, 0.85) * w, self.u(y + 5, foot)
            self.c.drawPath(poly([(px, py), (px + self.u(3, 7), py - self.u(1, 4)), (px + self.u(5, 9), py + self.u(1, 4))]),
                            fill(self.lit(mul(rock, self.u(0.5, 1.2))), 0.6))
        if green:
            cap = pts[1:] + [(px, py + self.u(2.2, 4)) for px, py in pts[:0:-1]]
            self.c.drawPath(smooth(cap, True), fill(self.lit((92, 146, 70))))
        foam = mix(self.lit((240, 248, 252)), (255, 255, 255), 0.1)
        self.c.drawPath(smooth([(px, py + 0.6) for px, py in bottom]), line(foam, 1.3, 0.75))

    @subject
    def sailboat(self, x, y, h, colour):
        w = h * 0.42
        dirn = 1 if self.r.random() < 0.5 else -1
        self.c.drawOval(skia.Rect(x - w, y - 0.5, x + w, y + 3.4), fill(mul(self.pal["sky"][0], 0.3), 0.35, 1.0))
        hull = (120, 70, 44) if colour in ("white", "yellow", "orange") or self.r.random() < 0.5 else (238, 236, 230)
        path = poly([(x - w, y - h * 0.13), (x + w, y - h * 0.13), (x + w * 0.72, y + h * 0.035), (x - w * 0.7, y + h * 0.035)])
        self.c.drawPath(path, gradient((0, y - h * 0.13), (0, y + h * 0.04), [self.lit(hull), self.lit(mul(hull, 0.55))]))
        self.c.drawLine(x - w, y - h * 0.12, x + w, y - h * 0.12, line(self.lit(mul(hull, 1.25)), 0.9))
        self.c.drawLine(x, y - h * 0.12, x, y - h, line(self.lit((92, 66, 48)), 1.1))
        sail = COLOURS[colour]
        main = skia.Path()
        main.moveTo(x + dirn * 1.0, y - h * 0.97)
        main.quadTo(x + dirn * w * 0.95, y - h * 0.5, x + dirn * w * 0.92, y - h * 0.2)
        main.lineTo(x + dirn * 1.0, y - h * 0.2)
        main.close()
        hi, lo = self.lit(mix(sail, (255, 255, 255), 0.15)), self.lit(mul(sail, 0.68))
        self.c.drawPath(main, gradient((x, 0), (x + dirn * w, 0), [lo, hi]))
        jib = skia.Path()
        jib.moveTo(x - dirn * 1.0, y - h * 0.88)
        jib.quadTo(x - dirn * w * 0.5, y - h * 0.4, x - dirn * w * 0.82, y - h * 0.2)
        jib.lineTo(x - dirn * 1.0, y - h * 0.22)
        jib.close()
        second = sail if colour == "white" or self.r.random() < 0.6 else (246, 242, 232)
        self.c.drawPath(jib, gradient((x, 0), (x - dirn * w, 0), [self.lit(second), self.lit(mul(second, 0.74))]))
        # mirror image and wake
        self.c.drawPath(poly([(x - 0.5, y + h * 0.06), (x + dirn * w * 0.7, y + h * 0.06), (x + dirn * w * 0.15, y + h * 0.45)]),
                        fill(self.lit(sail), 0.28, 0.8))
        for k in range(3):
            self.c.drawLine(x - w * (0.6 + 0.3 * k), y + 2 + 2.2 * k, x + w * (0.5 + 0.3 * k), y + 2 + 2.2 * k,
                            line((255, 255, 255) if not self.night else (150, 170, 220), 0.7, 0.4))

    @subject
    def house(self, x, y, h, colour, snow=False):
        """A cottage with a gable front and a side wall under a long roof; `colour` is the wall."""
        wall = COLOURS[colour]
        roof = {"red": (92, 62, 60), "orange": (110, 60, 48), "brown": (150, 60, 48)}.get(colour, (172, 70, 56))
        if snow:
            roof = (244, 248, 255)
        fw, sw, wh, rh = h * 0.5, h * 0.72, h * 0.52, h * 0.48
        d = 1 if self.lit_left else -1
        fx0, fx1, sx = x - d * (fw + sw) / 2, x - d * (fw + sw) / 2 + d * fw, x + d * (fw + sw) / 2
        self.shadow(x, y, (fw + sw) * 0.62, 2.2)
        front, side = self.lit(wall), self.lit(mul(wall, 0.68))
        self.c.drawPath(poly([(fx0, y), (fx0, y - wh), ((fx0 + fx1) / 2, y - wh - rh), (fx1, y - wh), (fx1, y)]),
                        gradient((0, y - h), (0, y), [mix(front, (255, 255, 255), 0.08), mul(front, 0.88)]))
        self.c.drawPath(poly([(fx1, y), (fx1, y - wh), (sx, y - wh), (sx, y)]), gradient((0, y - wh), (0, y), [mul(side, 0.86), side]))
        gx, gy = (fx0 + fx1) / 2, y - wh - rh
        chim = gx + d * sw * 0.62
        self.c.drawRect(skia.Rect(chim - 1.6, gy - h * 0.14, chim + 1.6, gy + 5), fill(self.lit((140, 84, 70))))
        if self.r.random() < 0.6:
            for k in range(3):
                self.c.drawCircle(chim + d * 1.6 * k, gy - h * 0.16 - 3.4 * k, 1.6 + 0.9 * k, fill(self.lit((235, 235, 240)), 0.4 - 0.09 * k, 0.8))
        over = h * 0.06
        self.c.drawPath(poly([(gx, gy), (gx + d * sw, gy), (sx + d * over, y - wh + over), (fx1 + d * 0, y - wh + over)]),
                        gradient((0, gy), (0, y - wh), [self.lit(mul(roof, 1.08)), self.lit(mul(roof, 0.78))]))
        self.c.drawPath(poly([(fx0 - d * over, y - wh + over), (gx, gy - 0.6), (fx1 + d * 0.6, y - wh + over)], False),
                        line(self.lit(mul(roof, 0.9)), 1.7))
        window = (255, 214, 110) if self.night or (self.time != "day" and self.r.random() < 0.6) else self.lit((150, 194, 220))

        def pane(cx, cy, s):
            if self.night:
                self.c.drawCircle(cx, cy, s * 3.2, glow((cx, cy), s * 3.2, [rgba((255, 210, 110), 0.5), rgba((255, 200, 100), 0)]))
            self.c.drawRect(skia.Rect(cx - s, cy - s * 1.1, cx + s, cy + s * 1.1), fill(self.lit((250, 248, 240))))
            self.c.drawRect(skia.Rect(cx - s * 0.76, cy - s * 0.86, cx + s * 0.76, cy + s * 0.86), fill(window))
            self.c.drawLine(cx, cy - s, cx, cy + s, line(self.lit((236, 232, 224)), 0.5))

        s = h * 0.075
        pane((fx0 + fx1) / 2, y - wh - rh * 0.22, s)
        self.c.drawRect(skia.Rect(min(gx - h * 0.09, gx + h * 0.09), y - h * 0.27, gx + h * 0.09, y), fill(self.lit((92, 58, 42))))
        for f in (0.3, 0.7):
            pane(fx1 + (sx - fx1) * f, y - wh * 0.52, s)

    @subject
    def balloon(self, x, y, rad, colour):
        """A hot-air balloon whose envelope is centred on (x, y)."""
        main = COLOURS[colour]
        other = mix(main, (255, 255, 255), 0.55) if colour != "white" else (176, 190, 214)
        mouth = y + rad * 1.42
        env = skia.Path()
        env.moveTo(x, y - rad)
        env.cubicTo(x + rad * 1.36, y - rad, x + rad * 1.22, y + rad * 0.5, x + rad * 0.24, mouth)
        env.lineTo(x - rad * 0.24, mouth)
        env.cubicTo(x - rad * 1.22, y + rad * 0.5, x - rad * 1.36, y - rad, x, y - rad)
        basket = mouth + rad * 0.42
        rope = line(self.lit((86, 66, 54)), 0.7)
        for s in (-1, 1):
            self.c.drawLine(x + s * rad * 0.22, mouth, x + s * rad * 0.17, basket, rope)
        self.c.drawRoundRect(skia.Rect(x - rad * 0.22, basket, x + rad * 0.22, basket + rad * 0.34), 1, 1, self.faces(x - rad * 0.22, x + rad * 0.22, (158, 104, 60)))
        self.c.drawPath(env, fill(self.lit(main, 0.05)))
        self.c.save()
        self.c.clipPath(env, True)
        if self.spec.get("stripes"):
            for k in (0.98, 0.36):
                for s in (-1, 1):
                    g = skia.Path()
                    g.moveTo(x, y - rad)
                    g.cubicTo(x + s * k * rad * 1.36, y - rad, x + s * k * rad * 1.22, y + rad * 0.5, x + s * k * rad * 0.24, mouth)
                    kk = k - 0.32
                    g.lineTo(x + s * kk * rad * 0.24, mouth)
                    g.cubicTo(x + s * kk * rad * 1.22, y + rad * 0.5, x + s * kk * rad * 1.36, y - rad, x, y - rad)
                    if k > 0.5:
                        self.c.drawPath(g, fill(self.lit(other, 0.05)))
        d = -1 if self.lit_left else 1
        dark = rgba(mul(self.lit(main), 0.3), 0.62)
        self.c.drawRect(skia.Rect(x - 2 * rad, y - 2 * rad, x + 2 * rad, y + 2 * rad),
                        glow((x + d * rad * 0.4, y - rad * 0.4), rad * 2.0, [rgba((255, 255, 255), 0.34 if not self.night else 0.1), rgba((255, 255, 255), 0), dark], [0, 0.32, 1]))
        if self.night:
            self.c.drawCircle(x, mouth, rad * 1.5, glow((x, mouth), rad * 1.5, [rgba((255, 196, 90), 0.85), rgba((255, 160, 60), 0.0)]))
        self.c.restore()

    @subject
    def tree(self, x, y, h, colour):
        crown = COLOURS[colour] if colour != "green" else (70, 146, 62)
        bark = (104, 72, 50)
        self.shadow(x, y, h * 0.32, 2.4)
        trunk = skia.Path()
        trunk.moveTo(x - h * 0.06, y)
        trunk.quadTo(x - h * 0.03, y - h * 0.2, x - h * 0.035, y - h * 0.5)
        trunk.lineTo(x + h * 0.035, y - h * 0.5)
        trunk.quadTo(x + h * 0.03, y - h * 0.2, x + h * 0.065, y)
        trunk.close()
        self.c.drawPath(trunk, self.faces(x - h * 0.06, x + h * 0.06, bark))
        for s in (-1, 1):
            self.c.drawLine(x, y - h * 0.32, x + s * h * 0.16, y - h * 0.5, line(self.lit(mul(bark, 0.8)), h * 0.028))
        blobs = [(0, 0.66, 0.27), (-0.2, 0.56, 0.2), (0.2, 0.56, 0.2), (-0.12, 0.78, 0.2), (0.13, 0.78, 0.19), (0, 0.86, 0.15)]
        blobs = [(x + (bx + self.u(-0.03, 0.03)) * h, y - by * h, br * h * self.u(0.9, 1.1)) for bx, by, br in blobs]
        d = -1 if self.lit_left else 1
        for bx, by, br in blobs:
            self.c.drawCircle(bx, by, br, fill(self.lit(mul(crown, 0.58))))
        for bx, by, br in blobs:
            self.c.drawCircle(bx + d * br * 0.12, by - br * 0.14, br * 0.82, fill(self.lit(mul(crown, 0.86)), 0.95, 0.5))
        for bx, by, br in blobs:
            self.c.drawCircle(bx + d * br * 0.3, by - br * 0.32, br * 0.48, fill(self.lit(mix(crown, (255, 255, 220), 0.2)), 0.85, 1.0))

    @subject
    def flower(self, x, y, size, colour, kind, stem=0.0):
        c, dark = self.lit(COLOURS[colour]), self.lit(mul(COLOURS[colour], 0.68))
        if self.night:
            c = mix(c, COLOURS[colour], 0.25)
        if stem:
            sway = self.u(-0.12, 0.12) * stem
            path = skia.Path()
            path.moveTo(x + sway, y + stem)
            path.quadTo(x + sway, y + stem * 0.5, x, y)
            green = self.lit((62, 122, 54))
            self.c.drawPath(path, line(green, max(0.8, size * 0.17)))
            for s in (-1, 1):
                ly = y + stem * self.u(0.45, 0.8)
                leaf = skia.Path()
                leaf.moveTo(x + sway * 0.7, ly)
                leaf.quadTo(x + s * size * 0.7, ly - size * 0.9, x + s * size * 1.15, ly - size * 0.7)
                leaf.quadTo(x + s * size * 0.8, ly - size * 0.05, x + sway * 0.7, ly)
                self.c.drawPath(leaf, fill(self.lit((82, 148, 64))))
        if kind == "tulip":
            for s, cc in ((-1, dark), (1, dark), (0, c)):
                p = skia.Path()
                p.moveTo(x, y + size * 0.6)
                p.cubicTo(x + (s - 0.7) * size * 0.7, y + size * 0.5, x + (s * 0.75 - 0.5) * size * 0.8, y - size * 0.4, x + s * size * 0.48, y - size * 0.9)
                p.cubicTo(x + (s * 0.75 + 0.5) * size * 0.8, y - size * 0.4, x + (s + 0.7) * size * 0.7, y + size * 0.5, x, y + size * 0.6)
                self.c.drawPath(p, gradient((0, y - size), (0, y + size * 0.6), [mix(cc, (255, 255, 255), 0.18), mul(cc, 0.8)]))
            return
        n = 8 if kind == "daisy" else 5
        turn = self.u(0, 6.28)
        for k in range(n):
            a = turn + 2 * math.pi * k / n
            self.c.save()
            self.c.translate(x, y)
            self.c.scale(1, 0.82)
            self.c.rotate(math.degrees(a))
            ln, wd = size, size * (0.3 if kind == "daisy" else 0.5)
            self.c.drawOval(skia.Rect(size * 0.12, -wd, ln, wd), gradient((0, 0), (ln, 0), [dark, mix(c, (255, 255, 255), 0.12)]))
            self.c.restore()
        heart = (120, 72, 36) if colour in ("yellow", "orange") else (250, 200, 60)
        self.c.drawCircle(x, y, size * 0.3, glow((x - size * 0.1, y - size * 0.1), size * 0.4, [rgba(self.lit(mul(heart, 1.1))), rgba(self.lit(mul(heart, 0.7)))]))

    @subject
    def flowers(self, y0, colour, big):
        kind = self.spec.get("flower", "daisy")
        for _ in range(46):
            t = self.u(0, 1)
            y = y0 + (126 - y0) * t * 0.85
            s = 0.7 + 1.7 * t
            self.c.drawCircle(self.u(0, 128), y, s * 0.85, fill(self.lit(COLOURS[colour], 0.25 * (1 - t))))
        if big:
            n = int(self.r.integers(5, 9))
            xs = np.linspace(10, 118, n) + self.r.uniform(-6, 6, n)
            items = sorted((self.u(74, 104), float(x)) for x in xs)
            for y, x in items:
                self.flower(x, y, 6.0 + 5.5 * (y - 74) / 30 * self.u(0.85, 1.15), colour, kind, stem=60)

    @subject
    def cat(self, x, y, h, colour):
        """A sitting cat seen from the front, tail to one side."""
        fur = {"white": (240, 236, 230), "black": (52, 50, 62), "grey": (140, 142, 152), "orange": (226, 138, 60), "brown": (140, 96, 64)}[colour]
        self.shadow(x, y, h * 0.34, 2.4)
        d = 1 if self.r.random() < 0.5 else -1
        base, dark, light = self.lit(fur), self.lit(mul(fur, 0.66)), self.lit(mix(fur, (255, 255, 255), 0.3))
        tail = skia.Path()
        tail.moveTo(x + d * h * 0.15, y - h * 0.06)
        tail.cubicTo(x + d * h * 0.55, y + h * 0.02, x + d * h * 0.5, y - h * 0.4, x + d * h * 0.36, y - h * 0.42)
        self.c.drawPath(tail, line(dark, h * 0.085))
        body = skia.Path()
        body.moveTo(x - h * 0.11, y - h * 0.62)
        body.cubicTo(x - h * 0.3, y - h * 0.4, x - h * 0.32, y, x - h * 0.18, y)
        body.lineTo(x + h * 0.18, y)
        body.cubicTo(x + h * 0.32, y, x + h * 0.3, y - h * 0.4, x + h * 0.11, y - h * 0.62)
        body.close()
        pair = [light, base, dark] if self.lit_left else [dark, base, light]
        self.c.drawPath(body, gradient((x - h * 0.3, 0), (x + h * 0.3, 0), pair))
        chest = fill(light if colour == "black" else mix(light, self.lit((255, 255, 255)), 0.5), 0.55, 1.2)
        self.c.drawOval(skia.Rect(x - h * 0.1, y - h * 0.52, x + h * 0.1, y - h * 0.16), chest)
        for s in (-1, 1):
            self.c.drawOval(skia.Rect(x + s * h * 0.085 - h * 0.065, y - h * 0.09, x + s * h * 0.085 + h * 0.065, y + h * 0.01), fill(light))
            self.c.drawLine(x + s * h * 0.085, y - h * 0.3, x + s * h * 0.1, y - h * 0.05, line(dark, 0.7, 0.6))
        hy, hr = y - h * 0.74, h * 0.2
        for s in (-1, 1):
            ear = poly([(x + s * hr * 1.0, hy - hr * 0.25), (x + s * hr * 0.86, hy - hr * 1.45), (x + s * hr * 0.12, hy - hr * 0.8)])
            self.c.drawPath(ear, fill(dark if (s > 0) == self.lit_left else base))
            self.c.drawPath(poly([(x + s * hr * 0.84, hy - hr * 0.5), (x + s * hr * 0.78, hy - hr * 1.14), (x + s * hr * 0.36, hy - hr * 0.75)]), fill(self.lit((232, 150, 150)), 0.85))
        self.c.drawOval(skia.Rect(x - hr * 1.1, hy - hr * 0.95, x + hr * 1.1, hy + hr * 0.85), gradient((x - hr, 0), (x + hr, 0), pair))
        if colour in ("orange", "grey", "brown"):
            for k in (-0.3, 0, 0.3):
                self.c.drawLine(x + k * hr, hy - hr * 0.85, x + k * hr * 0.8, hy - hr * 0.45, line(dark, 0.9, 0.8))
            for k in (0.5, 0.38):
                for s in (-1, 1):
                    self.c.drawLine(x + s * h * 0.26, y - h * k, x + s * h * 0.15, y - h * (k - 0.03), line(dark, 1.0, 0.7))
        self.c.drawOval(skia.Rect(x - hr * 0.42, hy + hr * 0.1, x + hr * 0.42, hy + hr * 0.7), fill(mix(light, (255, 255, 255), 0.2), 0.5))
        eye = (150, 206, 70) if colour != "white" else (90, 170, 226)
        if colour in ("black", "orange"):
            eye = (250, 210, 60) if colour == "black" else (110, 180, 70)
        for s in (-1, 1):
            ex = x + s * hr * 0.45
            self.c.drawOval(skia.Rect(ex - hr * 0.25, hy - hr * 0.32, ex + hr * 0.25, hy + hr * 0.12), fill(eye))
            self.c.drawOval(skia.Rect(ex - hr * 0.1, hy - hr * 0.3, ex + hr * 0.1, hy + hr * 0.1), fill((18, 18, 22)))
            self.c.drawCircle(ex - hr * 0.07, hy - hr * 0.18, hr * 0.07, fill((255, 255, 255)))
        self.c.drawPath(poly([(x - hr * 0.13, hy + hr * 0.18), (x + hr * 0.13, hy + hr * 0.18), (x, hy + hr * 0.36)]), fill(self.lit((226, 120, 126))))
        for s in (-1, 1):
            self.c.drawLine(x, hy + hr * 0.36, x + s * hr * 0.2, hy + hr * 0.52, line(mul(dark, 0.6), 0.7))
            for k in (0.2, 0.42):
                self.c.drawLine(x + s * hr * 0.5, hy + hr * k, x + s * hr * 1.4, hy + hr * (k + (k - 0.3) * 0.9), line(mix(light, (255, 255, 255), 0.5), 0.45, 0.7))

    def fish(self, x, y, w, colour, d):
        main = COLOURS[colour]
        hi, lo = mix(main, (255, 255, 255), 0.25), mul(main, 0.6)
        h = w * 0.55
        fin = mix(mul(main, 0.85), (255, 255, 255), 0.12)
        tail = poly([(x - d * w * 0.42, y), (x - d * w * 0.86, y - h * 0.52), (x - d * w * 0.74, y), (x - d * w * 0.86, y + h * 0.52)])
        self.c.drawPath(smooth([(x - d * w * 0.36, y), (x - d * w * 0.95, y - h * 0.66), (x - d * w * 0.7, y), (x - d * w * 0.95, y + h * 0.66)], True), fill(fin))
        self.c.drawPath(tail, fill(mul(fin, 0.85), 0.6))
        self.c.drawPath(smooth([(x - d * w * 0.3, y - h * 0.3), (x, y - h * 0.95), (x + d * w * 0.3, y - h * 0.35), (x, y - h * 0.2)], True), fill(fin))
        self.c.drawPath(smooth([(x - d * w * 0.2, y + h * 0.3), (x - d * w * 0.1, y + h * 0.85), (x + d * w * 0.15, y + h * 0.3)], True), fill(fin))
        body = skia.Path()
        body.moveTo(x - d * w * 0.52, y)
        body.cubicTo(x - d * w * 0.2, y - h * 0.75, x + d * w * 0.35, y - h * 0.62, x + d * w * 0.52, y)
        body.cubicTo(x + d * w * 0.35, y + h * 0.62, x - d * w * 0.2, y + h * 0.75, x - d * w * 0.52, y)
        self.c.drawPath(body, gradient((0, y - h * 0.6), (0, y + h * 0.6), [hi, main, lo]))
        self.c.save()
        self.c.clipPath(body, True)
        if self.spec.get("stripes"):
            band = (250, 250, 245) if colour not in ("white", "yellow") else (50, 60, 90)
            for k in (-0.22, 0.12):
                self.c.drawOval(skia.Rect(x + d * w * k - w * 0.055, y - h, x + d * w * k + w * 0.055, y + h), fill(band, 0.9))
        self.c.drawOval(skia.Rect(x - w * 0.4, y - h * 0.62, x + w * 0.4, y - h * 0.18), fill((255, 255, 255), 0.2, 1.5))
        self.c.restore()
        ex, ey, er = x + d * w * 0.33, y - h * 0.1, w * 0.065
        self.c.drawCircle(ex, ey, er * 1.25, fill((252, 252, 248)))
        self.c.drawCircle(ex + d * er * 0.25, ey, er * 0.75, fill((20, 22, 30)))
        self.c.drawPath(smooth([(x + d * w * 0.05, y + h * 0.05), (x - d * w * 0.14, y - h * 0.02), (x - d * w * 0.16, y + h * 0.26), (x, y + h * 0.2)], True), fill(mul(fin, 0.9)))

    # -- whole scenes --------------------------------------------------------------------------

    def scene(self):
        setting = self.spec["setting"]
        getattr(self, "scene_" + setting)()
        subject = self.spec.get("subject")
        if subject == "balloon":
            n = 1 if not self.spec.get("many") else int(self.r.integers(3, 5))
            if n == 1:
                self.balloon(self.u(34, 94), self.u(28, 44), self.u(15, 22), self.spec["colour"])
            else:
                xs = self.r.permutation(np.linspace(20, 108, n)) + self.r.uniform(-6, 6, n)
                for x, rad in zip(xs, sorted(self.r.uniform(7, 15, n))):
                    self.balloon(float(x), self.u(18, 48), float(rad), self.spec["colour"])
        if self.spec.get("weather") == "snowfall":
            for _ in range(60):
                self.c.drawCircle(self.u(0, 128), self.u(0, 128), self.u(0.5, 1.3), fill((255, 255, 255), self.u(0.5, 0.95)))
        if self.spec.get("weather") == "fog":
            haze = mix(self.pal["haze"], (255, 255, 255) if not self.night else (90, 110, 150), 0.35)
            for _ in range(5):
                y = self.u(self.horizon - 24, self.horizon + 30)
                x = self.u(-10, 138)
                self.c.drawOval(skia.Rect(x - 70, y - 5, x + 70, y + 6), fill(haze, 0.5, 6.0))

    def land_subject(self, y, snow=False):
        """House, tree, cat or lighthouse standing on the ground at height y."""
        s, colour = self.spec.get("subject"), self.spec.get("colour")
        x = self.u(40, 88)
        if s == "house":
            self.house(x, y + self.u(2, 9), self.u(30, 42), colour, snow)
        elif s == "tree":
            self.tree(x, y + self.u(6, 16), self.u(58, 82), colour)
        elif s == "cat":
            self.cat(x, y + self.u(26, 38), self.u(56, 76), colour)
        elif s == "lighthouse":
            self.lighthouse(x, y + self.u(2, 8), self.u(54, 70), colour)

    def scene_mountains(self):
        self.horizon = self.u(70, 82)
        self.sky(self.horizon - (self.u(8, 22) if self.time in ("sunset", "sunrise") else 0))
        self.range(self.horizon + 4)
        h = self.horizon
        if self.spec.get("lake") or self.spec.get("subject") == "sailboat":
            self.band(self.ridge(h + 3, 1.2), self.lit((52, 84, 62), 0.25), self.lit((40, 66, 50), 0.2), h + 8)
            self.pines(h + 3, h + 6, 16, 6, 10, 0.3)
            self.water(h + 7)
            if self.spec.get("subject") == "sailboat":
                self.sailboat(self.u(38, 90), self.u(h + 20, 112), self.u(40, 56), self.spec["colour"])
            if self.r.random() < 0.5:
                side = self.r.random() < 0.5
                for _ in range(4):
                    self.pine(self.u(-4, 20) if side else self.u(108, 132), self.u(124, 134), self.u(36, 52), self.c, 0)
            return
        green = mix((84, 130, 66), (120, 140, 70), self.u(0, 1))
        if self.r.random() < 0.8:
            self.hills(h + 8, 4, mul(green, 0.9), 0.28)
            if self.r.random() < 0.7:
                self.pines(h + 7, h + 14, 20, 8, 13, 0.3)
        self.hills(h + 20, 5, green, 0.1)
        if self.spec.get("subject") in ("house", "tree", "cat", "lighthouse"):
            self.land_subject(h + 22)
        elif self.r.random() < 0.65:
            gap = (34, 94)
            self.pines(h + 22, 126, 16, 16, 34, 0.1, gap=gap)
        if self.r.random() < 0.35:
            self.hills(122, 3, mul(green, 0.6))

    def scene_sea(self):
        self.horizon = self.u(66, 80)
        h = self.horizon
        self.sky()
        if self.r.random() < 0.4:
            top = self.ridge(h - 2.5, 3.2)
            self.band(top, self.lit((84, 100, 120), 0.5), self.lit((84, 100, 120), 0.65), h)
        self.water(h, mix((24, 96, 150), (40, 140, 160), self.u(0, 1)))
        s, colour = self.spec.get("subject"), self.spec.get("colour")
        if s == "lighthouse":
            x = self.u(30, 98)
            y = self.u(h + 8, h + 18)
            w = self.u(26, 36)
            self.headland(x, y, w)
            self.lighthouse(x + self.u(-5, 5), y + 1.5, self.u(56, 72), colour)
        elif s == "house":
            x, y = self.u(44, 84), self.u(h + 12, h + 20)
            self.headland(x, y, self.u(36, 44))
            self.house(x, y + 1.5, self.u(28, 36), colour)
        elif s == "sailboat":
            if self.spec.get("many"):
                for y, hh in zip((h + 9, h + 18, h + 33), (20, 28, 42)):
                    self.sailboat(self.u(18, 110), y + self.u(-2, 2), hh * self.u(0.9, 1.1), colour)
            else:
                self.sailboat(self.u(36, 92), self.u(h + 16, 112), self.u(46, 70), colour)
        elif s is None and self.r.random() < 0.35:
            sand = (226, 200, 150)
            pts = [(-10, self.u(112, 124)), (40, self.u(106, 118)), (90, self.u(110, 122)), (140, self.u(104, 118))]
            self.band(pts, self.lit(sand), self.lit(mul(sand, 0.8)), 128, True)
            self.c.drawPath(smooth(pts), line(self.lit((250, 252, 252)), 2.2, 0.85))

    def scene_desert(self):
        self.horizon = self.u(68, 80)
        self.sky()
        h = self.horizon
        sand = mix((232, 186, 116), (224, 160, 96), self.u(0, 1))
        if self.r.random() < 0.5:
            self.band(self.ridge(h - 3, 4, 0.4), self.lit((170, 110, 90), 0.45), self.lit((190, 140, 110), 0.6), h)
        for i, base in enumerate((h + 2, h + 14, h + 30)):
            peak = self.u(16, 112)
            up = self.u(8, 14) + 3 * i
            crest = [(-12, base + self.u(2, 7)), (peak - 46, base + self.u(0, 4)), (peak - 14, base - up * 0.7), (peak, base - up)]
            right = [(peak + 16, base - up * 0.45), (peak + 52, base + 4), (144, base + self.u(2, 7))]
            depth = 0.3 - 0.14 * i
            self.band(crest + right, self.lit(mul(sand, 1.04), depth), self.lit(mul(sand, 0.85), depth), base + 36, True)
            d = 1 if self.lit_left else -1
            face = skia.Path()
            face.moveTo(peak, base - up * 0.82)
            face.quadTo(peak + d * 8, base + 4, peak + d * self.u(-8, 10), base + 26)
            face.quadTo(peak + d * 40, base + 18, peak + d * 60, base + 8)
            face.quadTo(peak + d * 22, base - up * 0.25, peak, base - up * 0.82)
            self.c.drawPath(face, gradient((0, base - up), (0, base + 26), [rgba(self.lit(mul(sand, 0.6), depth), 0.9), rgba(self.lit(mul(sand, 0.75), depth), 0.0)]))
        if self.spec.get("subject") in ("house", "tree", "cat"):
            self.land_subject(h + 30)
        elif self.r.random() < 0.5:
            for _ in range(int(self.r.integers(1, 4))):
                x, y, k = self.u(10, 118), self.u(h + 22, 122), self.u(13, 26)
                c = self.lit((66, 120, 72))
                dk = self.lit((40, 84, 54))
                self.shadow(x, y, k * 0.25, 1.2)
                p = line(c, k * 0.2)
                self.c.drawLine(x, y - k * 0.08, x, y - k, p)
                for s, a in ((-1, 0.45), (1, 0.6)):
                    arm = skia.Path()
                    arm.moveTo(x, y - k * a + k * 0.12)
                    arm.quadTo(x + s * k * 0.34, y - k * a + k * 0.12, x + s * k * 0.34, y - k * a - k * 0.2)
                    self.c.drawPath(arm, line(c, k * 0.14))
                self.c.drawLine(x + k * 0.06, y - k * 0.05, x + k * 0.06, y - k * 0.95, line(dk, k * 0.05, 0.6))

    def scene_forest(self):
        self.horizon = self.u(58, 68)
        self.sky()
        h = self.horizon
        if self.r.random() < 0.4:
            self.range(h + 4, big=False)
        ground = (76, 112, 58)
        self.hills(h + 4, 4, mul(ground, 0.8), 0.55)
        self.pines(h + 2, h + 12, 42, 15, 22, 0.62)
        self.hills(h + 16, 4, mul(ground, 0.85), 0.3)
        clear = self.spec.get("subject") in ("house", "cat", "tree")
        self.pines(h + 12, h + 26, 24, 24, 34, 0.38)
        self.hills(h + 34, 4, ground, 0.06)
        if not clear and self.r.random() < 0.5:
            path = smooth([(58, h + 32), (70, h + 40), (52, h + 48), (44, 132), (92, 132), (74, h + 48), (76, h + 40), (63, h + 32)], True)
            self.c.drawPath(path, fill(self.lit((190, 160, 116), 0.05), 0.9))
        if clear:
            self.land_subject(h + 34)
        self.pines(h + 38, 130, 12, 42, 60, 0.1, gap=(26, 102) if clear else (34, 94))

    def meadow_ground(self):
        h = self.horizon
        g = mix((104, 168, 70), (128, 172, 76), self.u(0, 1))
        if self.r.random() < 0.45:
            self.range(h + 2, big=False)
        self.hills(h + 3, 4, mul(g, 0.85), 0.42)
        if self.r.random() < 0.6:
            for _ in range(9):  # a far hedge of round trees
                x, rad = self.u(0, 128), self.u(2.4, 5)
                self.c.drawCircle(x, h + 6, rad, fill(self.lit((62, 112, 60), 0.35)))
                self.c.drawCircle(x - 0.8, h + 5, rad * 0.6, fill(self.lit((98, 150, 80), 0.35)))
        self.hills(h + 14, 4, g, 0.16)
        self.hills(h + 30, 4, mul(g, 0.92), 0.0)
        return g

    def scene_meadow(self):
        self.horizon = self.u(60, 72)
        self.sky()
        h = self.horizon
        g = self.meadow_ground()
        for _ in range(34):
            x, y = self.u(0, 128), self.u(h + 30, 128)
            k = 2 + 5 * (y - h - 30) / (98 - h)
            self.c.drawLine(x, y, x + self.u(-1.4, 1.4), y - k, line(self.lit(mul(g, self.u(0.6, 1.25))), 0.8, 0.8))
        s = self.spec.get("subject")
        if s == "flowers":
            self.flowers(h + 12, self.spec["colour"], True)
        else:
            if self.r.random() < 0.35 and s != "cat":
                for _ in range(30):
                    y = self.u(h + 18, 126)
                    self.c.drawCircle(self.u(0, 128), y, 0.6 + 1.2 * (y - h) / (128 - h), fill(self.lit((250, 244, 210)), 0.9))
            self.land_subject(h + 20)

    def scene_city(self):
        self.horizon = self.u(84, 94)
        self.sky(self.horizon - 6)
        h = self.horizon
        for layer, (depth, low, high) in enumerate(((0.62, 16, 40), (0.36, 14, 50), (0.1, 10, 40))):
            x = self.u(-12, 0)
            while x < 130:
                w = self.u(9, 17)
                top = h - self.u(low, high) * (1 - 0.12 * layer)
                tone = mix((86, 96, 120), (140, 110, 110), self.u(0, 1)) if layer < 2 else mix((70, 76, 98), (120, 92, 90), self.u(0, 1))
                c = self.lit(tone, depth)
                hi, lo = mul(c, 1.12), mul(c, 0.72)
                self.c.drawRect(skia.Rect(x, top, x + w, h + 2), gradient((x, 0), (x + w, 0), [hi, lo] if self.lit_left else [lo, hi]))
                if self.r.random() < 0.25:
                    self.c.drawRect(skia.Rect(x + w * 0.25, top - 4, x + w * 0.75, top), fill(c))
                    self.c.drawLine(x + w / 2, top - 4, x + w / 2, top - 9, line(c, 0.8))
                if layer:
                    lights = 0.55 if self.night else (0.3 if self.time == "sunset" else 0)
                    step = 4.0
                    yy = top + 3
                    while yy < h - 2:
                        xx = x + 2
                        while xx < x + w - 2.4:
                            if self.r.random() < lights:
                                self.c.drawRect(skia.Rect(xx, yy, xx + 1.9, yy + 2.1), fill((255, 218, 120), 0.95 if self.night else 0.8))
                            elif self.r.random() < 0.8:
                                self.c.drawRect(skia.Rect(xx, yy, xx + 1.9, yy + 2.1), fill(mix(c, self.pal["sky"][2], 0.45), 0.7))
                            xx += step
                        yy += step + 0.4
                x += w + self.u(-1, 3)
        if self.spec.get("lake", True) and self.r.random() < 0.75:
            self.water(h + 1, (40, 80, 120))
            if self.spec.get("subject") == "sailboat":
                self.sailboat(self.u(36, 92), self.u(h + 16, 116), self.u(36, 48), self.spec["colour"])
        else:
            self.hills(h + 6, 2, (70, 116, 62), 0.1)
            for _ in range(14):
                x, y, rad = self.u(0, 128), self.u(h + 8, 124), self.u(4, 8)
                self.c.drawCircle(x, y, rad, fill(self.lit((44, 92, 52))))
                self.c.drawCircle(x + (-1.4 if self.lit_left else 1.4), y - 1.6, rad * 0.66, fill(self.lit((82, 138, 70)), 0.9, 0.6))

    def scene_snow(self):
        self.horizon = self.u(62, 76)
        self.sky()
        h = self.horizon
        white = (242, 246, 253)
        if self.r.random() < 0.5:
            self.range(h + 3, big=False)
        self.hills(h + 3, 5, white, 0.34, 0.9)
        self.pines(h + 4, h + 10, 18, 9, 14, 0.4, True)
        self.hills(h + 16, 5, white, 0.12, 0.86)
        s = self.spec.get("subject")
        if s in ("house", "tree", "cat", "lighthouse"):
            self.land_subject(h + 20, snow=True)
            self.pines(h + 20, 126, 8, 22, 38, 0.1, True, gap=(18, 110))
        else:
            self.pines(h + 18, 124, 12, 18, 40, 0.12, True, gap=(40, 88) if self.r.random() < 0.6 else None)
        for _ in range(4):
            y = self.u(h + 34, 126)
            x = self.u(0, 128)
            self.c.drawOval(skia.Rect(x - 26, y - 1.2, x + 26, y + 1.6), fill(self.lit((176, 196, 232)), 0.4, 1.6))

    def scene_underwater(self):
        top, deep = mix((92, 206, 226), (70, 190, 210), self.u(0, 1)), mix((8, 50, 110), (10, 66, 112), self.u(0, 1))
        self.c.drawRect(skia.Rect(0, 0, SIZE, SIZE), gradient((0, 0), (0, 118), [top, mix(top, deep, 0.55), deep]))
        x = self.u(20, 108)
        for k in range(5):
            a, w = x + self.u(-50, 50), self.u(5, 14)
            slant = (a - x) * 0.7 + self.u(-8, 8)
            self.c.drawPath(poly([(a - w / 2, -4), (a + w / 2, -4), (a + w + slant, 112), (a - w + slant, 112)]),
                            gradient((0, 0), (0, 112), [rgba((255, 255, 255), 0.26), rgba((255, 255, 255), 0)]))
        self.band([(-10, self.u(104, 114)), (40, self.u(100, 112)), (90, self.u(104, 114)), (140, self.u(102, 112))], mix((214, 190, 140), deep, 0.45), mix((170, 150, 120), deep, 0.5), 128, True)
        for _ in range(int(self.r.integers(3, 7))):
            sx, sy, hh = self.u(2, 126), self.u(112, 124), self.u(20, 48)
            c = mix((50, 140, 70), deep, self.u(0.1, 0.5))
            for k in (-1, 0, 1):
                p = skia.Path()
                p.moveTo(sx + k * 3, sy)
                p.cubicTo(sx + k * 4 + 6, sy - hh * 0.35, sx + k * 5 - 6, sy - hh * 0.65, sx + k * 5 + self.u(-3, 3), sy - hh * (1 - 0.2 * abs(k)))
                self.c.drawPath(p, line(mul(c, 1 + 0.15 * k), 2.6))
        for _ in range(int(self.r.integers(0, 4))):
            cx, cy = self.u(6, 122), self.u(112, 124)
            col = mix([(240, 110, 120), (250, 150, 90), (190, 110, 200)][int(self.r.integers(3))], deep, 0.25)
            for k in range(5):
                a = -math.pi / 2 + (k - 2) * 0.42
                self.c.drawLine(cx, cy, cx + 12 * math.cos(a), cy + 12 * math.sin(a), line(mul(col, 0.8 + 0.08 * k), 3.2))
        if self.spec.get("many"):
            for _ in range(5):
                self.fish(self.u(18, 110), self.u(22, 96), self.u(20, 30), self.spec["colour"], 1 if self.r.random() < 0.5 else -1)
        else:
            self.fish(self.u(52, 76), self.u(46, 72), self.u(56, 72), self.spec["colour"], 1 if self.r.random() < 0.5 else -1)
        for _ in range(10):
            bx, by, br = self.u(0, 128), self.u(4, 100), self.u(0.8, 2.2)
            self.c.drawCircle(bx, by, br, line((225, 245, 255), 0.7, 0.75))


# -- styles: 256x256 float RGB in, 128x128 float RGB out ------------------------------------------


def halve(a):
    return a.reshape(SIZE, SCALE, SIZE, SCALE, 3).mean((1, 3))


def box(a, k):
    """Box blur with radius k along both axes."""
    for axis in (0, 1):
        p = np.pad(a, [(k + 1, k) if i == axis else (0, 0) for i in range(a.ndim)], mode="edge").cumsum(axis)
        n = a.shape[axis]
        hi, lo = [slice(None)] * a.ndim, [slice(None)] * a.ndim
        hi[axis], lo[axis] = slice(2 * k + 1, 2 * k + 1 + n), slice(0, n)
        a = (p[tuple(hi)] - p[tuple(lo)]) / (2 * k + 1)
    return a


def style_vector(a, r):
    return halve(a)


def style_watercolor(a, r):
    """Bled edges, darkened pigment borders, uneven washes, paper grain and an unpainted margin."""
    n1, n2 = noise_texture(r, BIG, 14, 2), noise_texture(r, BIG, 14, 2)
    yy, xx = np.mgrid[0:BIG, 0:BIG]
    a = a[np.clip(yy + (n1 * 5).astype(int), 0, BIG - 1), np.clip(xx + (n2 * 5).astype(int), 0, BIG - 1)]
    a = halve(a)
    soft = box(a, 1)
    edge = np.abs(a - box(a, 2)).mean(-1, keepdims=True)
    wash = noise_texture(r, SIZE, 4, 4)[..., None]
    a = 255 - (255 - soft) * (0.80 + 0.20 * wash + np.minimum(edge / 45, 0.28))
    a = a + (255 - a) * 0.10
    grain = noise_texture(r, SIZE, 40, 2)[..., None]
    m = noise_texture(r, SIZE, 7, 3)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    d = np.minimum(np.minimum(x, SIZE - 1 - x), np.minimum(y, SIZE - 1 - y)) + 4.5 * m
    mask = np.clip((d - 3.5) / 2.5, 0, 1)[..., None]
    return np.array((250, 246, 236)) * (1 - mask) + a * mask + grain * 3.0


def style_pixel(a, r):
    """32x32 cells of 4x4 pixels with a reduced number of tones."""
    cell = a.reshape(32, 8, 32, 8, 3)[:, 2:6, :, 2:6].mean((1, 3))
    cell = np.round(cell / 20) * 20
    return np.kron(cell, np.ones((4, 4, 1)))


def style_oil(a, r):
    """Short opaque strokes laid along the edges of the picture, with a ridge of paint on each."""
    grey = box(a.mean(-1), 3)
    gy, gx = np.gradient(grey)
    out = np.zeros((SIZE, SIZE, 4), np.uint8)
    canvas = skia.Surface(out).getCanvas()
    flat = halve(a)
    canvas.drawColor(rgba(tuple(flat.mean((0, 1)))))
    for step, w, ln in ((5, 6.0, 7.0), (3, 3.0, 4.5)):
        ys, xs = np.mgrid[0:SIZE + step:step, 0:SIZE + step:step]
        pts = np.stack([xs.ravel(), ys.ravel()], 1) + r.uniform(-step / 2, step / 2, (xs.size, 2))
        for x, y in pts[r.permutation(len(pts))]:
            i, j = min(SIZE - 1, max(0, int(y))), min(SIZE - 1, max(0, int(x)))
            c = flat[i, j] + r.normal(0, 4) + r.normal(0, 2, 3)
            t = math.atan2(gx[i * 2, j * 2], -gy[i * 2, j * 2] + 1e-3) + r.normal(0, 0.25)
            dx, dy = math.cos(t) * ln / 2, math.sin(t) * ln / 2
            canvas.drawLine(float(x - dx), float(y - dy), float(x + dx), float(y + dy), line(tuple(c), w))
    o = out[..., :3].astype(np.float32)
    g = o.mean(-1, keepdims=True)
    relief = np.zeros_like(g)
    relief[1:, 1:] = g[1:, 1:] - g[:-1, :-1]
    return 0.25 * flat + 0.75 * o + relief * 0.35


def style_ink(a, r):
    """Dark pen contours over a pale grey wash on warm paper."""
    g = halve(a).mean(-1)
    big = 0.5 * g + 0.5 * box(g, 1)
    gy, gx = np.gradient(big)
    edge = np.clip(np.hypot(gx, gy) / 16 - 0.28, 0, 1)
    tone = np.clip((big - 20) / 200, 0, 1) ** 0.8
    wash = 0.42 + 0.58 * np.clip(np.round(tone * 4) / 4 * 0.6 + tone * 0.4, 0, 1)
    v = wash * (1 - 0.85 * edge)
    paper, ink = np.array((247, 241, 226)), np.array((28, 28, 38))
    return ink + (paper - ink) * v[..., None] + noise_texture(r, SIZE, 40, 2)[..., None] * 2


STYLES = {"vector": style_vector, "watercolor": style_watercolor, "pixel": style_pixel, "oil": style_oil, "ink": style_ink}


def draw(spec, seed):
    """The picture of `spec` as uint8 [128, 128, 3]."""
    p = Painter(spec, seed)
    p.scene()
    a = p.pixels[..., :3].astype(np.float32)
    a = STYLES[spec.get("style", "vector")](a, p.r)
    return np.clip(a + 0.5, 0, 255).astype(np.uint8)


# -- data set --------------------------------------------------------------------------------------


def item(seed):
    import captions

    spec = captions.random_spec(np.random.default_rng([seed, 1]))
    return draw(spec, seed), spec


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--count", type=int, default=25600)
    ap.add_argument("--seed", type=int, default=1_000_000)
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--sheet", type=pathlib.Path)
    ap.add_argument("--processes", type=int, default=2)
    args = ap.parse_args()
    if args.sheet:
        from PIL import Image
        import captions

        sheet = np.full((8 * 132, 8 * 132, 3), 255, np.uint8)
        for i in range(64):
            a, spec = item(args.seed + i)
            y, x = divmod(i, 8)
            sheet[y * 132:y * 132 + 128, x * 132:x * 132 + 128] = a
            print(i, captions.caption(spec, np.random.default_rng(i)))
        Image.fromarray(sheet).save(args.sheet)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    store = np.lib.format.open_memmap(args.out / "pictures.npy", "w+", np.uint8, (args.count, SIZE, SIZE, 3))
    with multiprocessing.Pool(args.processes) as pool:
        for i, (a, _) in enumerate(pool.imap(item, range(args.seed, args.seed + args.count), chunksize=64)):
            store[i] = a
            if i % 4000 == 0:
                print(i, flush=True)
    store.flush()


if __name__ == "__main__":
    main()
