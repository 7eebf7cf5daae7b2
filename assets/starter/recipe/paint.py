"""Colours, light and the pen: what every part of a picture is painted with.

A `Pen` draws shapes on a 256x256 picture in a user space of 128x128 units. What a shape looks like depends on the
style: it may get a gradient, a black outline, a shadow of paper or a glowing edge. `styles.finish` does the rest.
"""

import contextlib
import functools

import numpy as np
import skia

SIZE = 128
BIG = 256
STYLES = ["vector", "watercolor", "oil", "pixel", "ink", "glass", "paper", "neon"]

COLOURS = {
    "red": (222, 34, 40), "orange": (250, 130, 20), "yellow": (254, 212, 36), "green": (52, 168, 66), "turquoise": (30, 196, 186),
    "blue": (36, 90, 220), "purple": (134, 56, 196), "pink": (252, 122, 178), "white": (250, 248, 242), "black": (34, 32, 42),
    "brown": (134, 82, 46), "grey": (140, 143, 152),
}

# Sky stops from zenith to horizon, light on the land, haze of the distance, sun or moon, clouds, light along edges.
TIMES = {
    "sunrise": dict(sky=[(112, 158, 222), (190, 184, 224), (255, 200, 186), (255, 236, 190)], tint=(1.0, 0.90, 0.86),
                    haze=(252, 214, 200), sun=(255, 246, 208), cloud=(255, 222, 212), rim=(255, 236, 200), near=(60, 62, 104)),
    "noon": dict(sky=[(34, 112, 214), (78, 158, 234), (142, 202, 246), (214, 238, 250)], tint=(1.0, 1.0, 0.98),
                 haze=(188, 220, 244), sun=(255, 252, 226), cloud=(255, 255, 255), rim=(255, 255, 240), near=(30, 60, 84)),
    "sunset": dict(sky=[(52, 30, 104), (146, 46, 122), (240, 88, 66), (255, 190, 80)], tint=(0.86, 0.58, 0.56),
                   haze=(240, 116, 84), sun=(255, 228, 130), cloud=(250, 124, 108), rim=(255, 196, 110), near=(52, 22, 60)),
    "night": dict(sky=[(8, 14, 48), (16, 30, 82), (32, 56, 122), (62, 92, 160)], tint=(0.34, 0.44, 0.72),
                  haze=(50, 74, 132), sun=(252, 250, 226), cloud=(84, 104, 160), rim=(190, 210, 255), near=(8, 12, 40)),
    "milkyway": dict(sky=[(6, 6, 24), (14, 12, 44), (30, 22, 70), (70, 44, 98)], tint=(0.30, 0.30, 0.52),
                     haze=(56, 40, 88), sun=(252, 240, 230), cloud=(70, 56, 110), rim=(214, 180, 240), near=(8, 6, 24)),
    "aurora": dict(sky=[(4, 16, 36), (6, 34, 56), (10, 60, 72), (26, 96, 98)], tint=(0.28, 0.50, 0.56),
                   haze=(28, 84, 92), sun=(230, 255, 240), cloud=(40, 90, 100), rim=(150, 255, 210), near=(4, 18, 32)),
}
DARK = ("night", "milkyway", "aurora")
SUBJECT_LIGHT = {"night": (0.84, 0.85, 0.95), "milkyway": (0.86, 0.82, 0.92), "aurora": (0.82, 0.90, 0.88), "sunset": (0.99, 0.90, 0.86),
                 "sunrise": (1.0, 0.97, 0.95)}
PAPER = (247, 241, 226)


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def mul(a, f):
    return tuple(x * f for x in a) if np.isscalar(f) else tuple(x * y for x, y in zip(a, f))


def lum(c):
    return (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]) / 255


def vivid(c, s):
    """Colour moved away from (s > 1) or towards (s < 1) its grey."""
    g = lum(c) * 255
    return tuple(g + (x - g) * s for x in c)


def bright(c, floor=0.75):
    """The glowing version of a colour: full strength, some of the grey taken out."""
    c = vivid(c, 1.35)
    c = tuple(max(0.0, v) for v in c)
    top = max(max(c), 1.0)
    k = max(1.0, 255 * floor / top)
    return tuple(min(255.0, v * k) for v in c)


def rgba(c, a=1.0):
    r, g, b = (int(min(255, max(0, v))) for v in c)
    return skia.Color(r, g, b, int(255 * min(1.0, max(0.0, a))))


def fill(c, a=1.0, blur=0.0):
    paint = skia.Paint(AntiAlias=True, Color=rgba(c, a))
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def linear(p0, p1, colours, stops=None):
    colours = [c if isinstance(c, int) else rgba(c) for c in colours]
    stops = stops or [i / (len(colours) - 1) for i in range(len(colours))]
    return skia.Paint(AntiAlias=True, Shader=skia.GradientShader.MakeLinear([p0, p1], colours, stops))


def radial(centre, radius, colours, stops=None):
    colours = [c if isinstance(c, int) else rgba(c) for c in colours]
    stops = stops or [i / (len(colours) - 1) for i in range(len(colours))]
    return skia.Paint(AntiAlias=True, Shader=skia.GradientShader.MakeRadial(centre, radius, colours, stops))


def line(c, w, a=1.0):
    return skia.Paint(AntiAlias=True, Color=rgba(c, a), Style=skia.Paint.kStroke_Style, StrokeWidth=w,
                      StrokeCap=skia.Paint.kRound_Cap, StrokeJoin=skia.Paint.kRound_Join)


# -- paths -----------------------------------------------------------------------------------------


def poly(points, closed=True):
    path = skia.Path()
    path.moveTo(*map(float, points[0]))
    for p in points[1:]:
        path.lineTo(*map(float, p))
    if closed:
        path.close()
    return path


def smooth(points, closed=False):
    """A path through the mid-points of `points` with the points as quadratic controls."""
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


def oval(x, y, rx, ry=None):
    path = skia.Path()
    ry = rx if ry is None else ry
    path.addOval(skia.Rect(x - rx, y - ry, x + rx, y + ry))
    return path


def rect(x0, y0, x1, y1):
    path = skia.Path()
    path.addRect(skia.Rect(x0, y0, x1, y1))
    return path


@functools.lru_cache(4096)
def outline(text):
    """A path from letters as in SVG (absolute M L Q C Z) and `E cx cy rx ry` for an ellipse."""
    path, items = skia.Path(), text.replace(",", " ").split()
    i = 0
    while i < len(items):
        op = items[i]
        if op == "Z":
            path.close()
            i += 1
            continue
        n = {"M": 2, "L": 2, "Q": 4, "C": 6, "E": 4}[op]
        i += 1
        while i < len(items) and not items[i].isalpha():
            v = [float(x) for x in items[i:i + n]]
            if op == "M":
                path.moveTo(*v)
            elif op == "L":
                path.lineTo(*v)
            elif op == "Q":
                path.quadTo(*v)
            elif op == "C":
                path.cubicTo(*v)
            else:
                path.addOval(skia.Rect(v[0] - v[2], v[1] - v[3], v[0] + v[2], v[1] + v[3]))
            i += n
    return path


class Frame:
    """Places outlines of a unit drawing: (0, 0) is the foot, y points up, `flip` mirrors, `turn` in degrees."""

    def __init__(self, x, y, size, flip=False, turn=0.0, squash=1.0):
        self.x, self.y, self.size, self.flip = x, y, size, flip
        self.m = skia.Matrix()
        self.m.setTranslate(x, y)
        self.m.preRotate(turn)
        self.m.preScale(-size if flip else size, -size * squash)

    def __call__(self, text):
        path = skia.Path()
        outline(text).transform(self.m, path)
        return path

    def at(self, u, v):
        p = self.m.mapXY(u, v)
        return p.x(), p.y()

    def sub(self, u, v, size, turn=0.0, flip=False):
        x, y = self.at(u, v)
        return Frame(x, y, self.size * size, self.flip != flip, turn)


# -- the pen ---------------------------------------------------------------------------------------


class Pen:
    def __init__(self, style, rng, light):
        self.style, self.r, self.pal = style, rng, light
        self.pixels = np.zeros((BIG, BIG, 4), np.uint8)
        self.surface = skia.Surface(self.pixels)
        self.c = self.surface.getCanvas()
        self.c.scale(2, 2)
        self.over = self.ids = None
        if style == "glass":
            self.over_pixels, self.ids_pixels = np.zeros((2, BIG, BIG, 4), np.uint8)
            self.over_surface, self.ids_surface = skia.Surface(self.over_pixels), skia.Surface(self.ids_pixels)
            self.over, self.ids = self.over_surface.getCanvas(), self.ids_surface.getCanvas()
            self.over.scale(2, 2)
            self.ids.scale(2, 2)
        self.count = 0
        self.spot = False  # a subject is being drawn
        self.time = "noon"
        self.lit_left = True

    def u(self, a, b):
        return float(self.r.uniform(a, b))

    def lit(self, c, depth=0.0):
        """A surface colour under this hour's light, `depth` 0 near .. 1 lost in haze."""
        light = SUBJECT_LIGHT.get(self.time, (1, 1, 1)) if self.spot else self.pal["tint"]
        return mix(mul(c, light), self.pal["haze"], depth)

    @contextlib.contextmanager
    def subject(self):
        before, self.spot = self.spot, True
        yield
        self.spot = before

    # -- colours of the style ------------------------------------------------------------------

    def tone(self, c):
        s = self.style
        if s == "ink":
            if self.spot:
                return mix(c, PAPER, 0.10 if lum(c) < 0.9 else 0.0)
            grey = lum(c)
            wash = mul(PAPER, 0.30 + 0.70 * min(1.0, grey * 1.12))
            return mix(wash, mul(vivid(c, 1.1), 1.0), 0.22)
        if s == "glass":
            return vivid(c, 1.45 if not self.spot else 1.25)
        if s == "paper":
            return vivid(mix(c, (255, 250, 240), 0.06), 0.95)
        if s == "neon":
            return mul(vivid(c, 1.3), 0.30 if self.spot else 0.22)
        if s == "watercolor":
            return mix(c, (255, 252, 244), 0.12 if self.spot else 0.2)
        if s == "pixel":
            return vivid(c, 1.12)
        return c

    def _fill(self, path, c, c2, across):
        b = path.getBounds()
        c = self.tone(c)
        if c2 is None:
            return fill(c)
        c2 = self.tone(c2)
        if self.style == "paper":
            return fill(mix(c, c2, 0.35))
        if across:
            return linear((b.left(), 0), (b.right(), 0), [c, c2])
        return linear((0, b.top()), (0, b.bottom()), [c, c2])

    # -- shapes --------------------------------------------------------------------------------

    def shape(self, path, c, c2=None, across=False, edge=1.0, shadow=1.0, rim=0.0, glow=None):
        """A body: filled with `c` (towards `c2`), edged as the style wants. `edge` scales outlines, 0 leaves them out."""
        s, canvas = self.style, self.c
        if s == "paper" and shadow:
            k = shadow * (1.0 if self.spot else 1.25)
            canvas.save()
            canvas.translate(0.9 * k, 1.5 * k)
            canvas.drawPath(path, fill((18, 14, 38), 0.42, 1.5 * k))
            canvas.restore()
        canvas.drawPath(path, self._fill(path, c, c2, across))
        if s == "ink":
            if edge:
                canvas.drawPath(path, line((38, 32, 36), 0.85 * edge, 0.92))
        elif s == "glass":
            self.count += 1
            n = self.count
            self.ids.drawPath(path, skia.Paint(AntiAlias=False, Color=skia.Color(n * 37 % 256, n // 7 % 256, n * 91 % 256, 255)))
            wipe = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kClear)
            self.over.drawPath(path, wipe)
            if edge:
                self.over.drawPath(path, line((16, 14, 20), 1.5 * min(edge, 1.2)))
        elif s == "paper":
            canvas.save()
            canvas.clipPath(path, True)
            canvas.translate(0.35, 0.45)
            canvas.drawPath(path, line((255, 255, 255), 0.8, 0.30))
            canvas.restore()
        elif s == "neon":
            if edge:
                canvas.drawPath(path, line(glow or bright(c, 0.95 if self.spot else 0.62), (1.35 if self.spot else 0.9) * min(edge, 1.3), 1.0 if self.spot else 0.8))
        elif s == "pixel":
            if self.spot and edge:
                canvas.drawPath(path, line(mul(self.tone(c2 or c), 0.35), 1.7, 0.85))
        elif s == "watercolor" and edge:
            canvas.drawPath(path, line(mul(self.tone(c2 or c), 0.55), 0.6, 0.45))
        if rim and s in ("vector", "oil", "pixel", "watercolor"):
            b = path.getBounds()
            x0, x1 = (b.left(), b.right()) if self.lit_left else (b.right(), b.left())
            paint = linear((x0, b.top()), (x0 + (x1 - x0) * 0.6, b.top() + b.height() * 0.3), [rgba(self.pal["rim"], rim), rgba(self.pal["rim"], 0)])
            paint.setStyle(skia.Paint.kStroke_Style)
            paint.setStrokeWidth(1.8)
            canvas.save()
            canvas.clipPath(path, True)
            canvas.drawPath(path, paint)
            canvas.restore()
        return path

    def detail(self, path, c, a=1.0, blur=0.0, lightened=False):
        """A small thing on a body: an eye, a window. `lightened` ones shine by themselves."""
        s = self.style
        if s == "neon":
            self.c.drawPath(path, fill(bright(c) if lightened or lum(c) > 0.5 else mul(c, 0.3), a))
            return
        if s == "paper":
            self.c.drawPath(path, fill(self.tone(c), 1.0 if a > 0.4 else a))
            return
        self.c.drawPath(path, fill(self.tone(c) if not lightened else c, a, blur))
        if s == "glass":
            self.over.drawPath(path, fill(self.tone(c), a))
            if a > 0.8:
                self.over.drawPath(path, line((16, 14, 20), 0.6))
        elif s == "ink" and a > 0.6:
            self.c.drawPath(path, line((38, 32, 36), 0.5, 0.85))

    def stroke(self, path, c, w, a=1.0):
        s = self.style
        if s == "neon":
            self.c.drawPath(path, line(bright(c, 0.8), max(0.7, min(w, 1.3)), a))
        elif s == "glass":
            self.over.drawPath(path, line((16, 14, 20), max(w + 1.1, 1.3)))
            self.over.drawPath(path, line(self.tone(c), w, a))
        elif s == "paper":
            self.c.save()
            self.c.translate(0.6, 0.9)
            self.c.drawPath(path, line((18, 14, 38), w, 0.25 * a))
            self.c.restore()
            self.c.drawPath(path, line(self.tone(c), w, a))
        elif s == "ink":
            if w > 1.6:
                self.c.drawPath(path, line((38, 32, 36), w + 1.0, a))
                self.c.drawPath(path, line(self.tone(c), w, a))
            else:
                self.c.drawPath(path, line(mix(self.tone(c), (38, 32, 36), 0.7), max(0.7, w * 0.8), a))
        elif s == "pixel":
            self.c.drawPath(path, line(self.tone(c), max(w, 1.7), a))
        else:
            self.c.drawPath(path, line(self.tone(c), w, a))

    def glow(self, x, y, radius, c, a=0.7):
        """Light in the air around a sun, a lamp."""
        s = self.style
        if s == "paper":
            for k, b in ((1.0, 0.16), (0.72, 0.2), (0.48, 0.26)):
                self.c.drawCircle(x, y, radius * k, fill(c, b * a / 0.7))
            return
        if s == "ink":
            a *= 0.5
        if s == "neon":
            a *= 0.45
        self.c.drawCircle(x, y, radius, radial((x, y), radius, [rgba(c, a), rgba(c, a * 0.36), rgba(c, a * 0.1), rgba(c, 0)], [0, 0.3, 0.65, 1]))

    def soft(self, path, c, a=0.5, blur=1.5):
        """A shade or a shimmer without an edge."""
        s = self.style
        if s == "neon":
            a *= 0.35
        if s == "paper":
            blur, a = 0.0, a * 0.6
        self.c.drawPath(path, fill(self.tone(c) if s != "neon" else c, a, blur))

    @contextlib.contextmanager
    def inside(self, path):
        """Clips everything to a shape."""
        canvases = [k for k in (self.c, self.over, self.ids) if k is not None]
        for k in canvases:
            k.save()
            k.clipPath(path, True)
        yield
        for k in canvases:
            k.restore()

    def rgb(self):
        return self.pixels[:, :, :3]
