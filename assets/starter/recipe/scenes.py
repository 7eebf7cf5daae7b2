"""Skies, weather and landscapes, painted from far to near."""

import math

import cv2
import numpy as np
import skia

from paint import (BIG, DARK, PAPER, bright, fill, line, linear, mix, mul, oval, poly, radial, rect, rgba, smooth,
                   vivid)
import subjects


class Scene:
    def __init__(self, pen, spec):
        self.pen, self.spec, self.r = pen, spec, pen.r
        self.pal, self.c, self.style, self.time = pen.pal, pen.c, pen.style, pen.time
        self.dark = self.time in DARK
        self.horizon = 76.0
        self.sun = (64.0, 40.0)
        self.weather = spec.get("weather", "clear")
        self.u, self.lit = pen.u, pen.lit

    def chance(self, p):
        return self.r.random() < p

    # -- sky -----------------------------------------------------------------------------------

    def sky(self, low=None, body=True):
        h = self.horizon if low is None else low
        stops = list(self.pal["sky"])
        if self.weather == "rain":
            grey = {"noon": (132, 146, 164), "sunrise": (196, 178, 190), "sunset": (122, 74, 104)}.get(self.time, (30, 40, 66))
            stops = [mix(s, mul(grey, 0.8 + 0.1 * k), 0.62) for k, s in enumerate(stops)]
        pen = self.pen
        if self.style == "paper":
            self.c.drawRect(skia.Rect(-2, -2, 130, 130), fill(pen.tone(stops[0])))
            n = 5
            for k in range(1, n):
                t = k / (n - 1) * 3
                i = min(2, int(t))
                c = mix(stops[i], stops[i + 1], t - i)
                y = h * k / n
                a, p = self.u(2, 4), self.u(0, 6.28)
                pts = [(x, y + a * math.sin(p + x / self.u(15, 17))) for x in range(-8, 145, 8)]
                path = smooth(pts)
                path.lineTo(140, 140)
                path.lineTo(-10, 140)
                path.close()
                pen.shape(path, c, shadow=0.7)
        else:
            toned = stops
            if self.style == "neon":
                toned = [mul(vivid(c, 1.35), 0.42 if not self.dark else 0.6) for c in stops]
            elif self.style == "ink":
                toned = [mix(PAPER, c, {"noon": 0.20, "sunrise": 0.34, "sunset": 0.42}.get(self.time, 0.74)) for c in stops]
                if self.time == "noon":
                    toned = [mix(PAPER, (150, 196, 232), k) for k in (0.34, 0.2, 0.1, 0.0)]
            elif self.style == "glass":
                toned = [vivid(c, 1.4) for c in stops]
            elif self.style == "watercolor":
                toned = [mix(c, (255, 252, 244), 0.12) for c in stops]
            self.c.drawRect(skia.Rect(-2, -2, 130, 130), linear((0, 0), (0, h + 2), toned, [0, 0.4, 0.75, 1]))
        x = self.u(20, 108)
        if self.dark:
            self.sun = (x, self.u(16, 34))
            if self.time == "milkyway":
                self.milky_way(h)
            elif self.time == "aurora":
                self.aurora(h)
            if self.weather != "rain" or self.time != "night":
                self.stars(h)
            if self.time == "night" and body:
                self.moon()
        elif self.time == "noon":
            self.sun = (x, self.u(12, 24))
            if body and self.weather != "rain":
                self.sun_disc(self.u(7, 9), 30)
        else:
            up = self.u(-2, 5) if self.chance(0.35) else self.u(8, 24)
            if self.spec["scene"] in ("mountains", "forest", "city"):
                up += 16
            self.sun = (x, h - up)
            if body:
                self.sun_disc(self.u(10, 15), 66)
        self.pen.lit_left = self.sun[0] < 64
        if self.weather == "clouds":
            self.clouds(h, int(self.r.integers(4, 7)), 1.0)
        elif self.weather == "rain":
            self.clouds(min(h, 50), 8, 1.5, grey=True)
        elif self.weather == "rainbow":
            self.rainbow(h)
            self.clouds(h, 2, 0.8)
        elif self.time in ("sunrise", "sunset") and self.chance(0.6):
            self.bands(h)

    def sun_disc(self, radius, reach):
        x, y = self.sun
        s, pen = self.pal["sun"], self.pen
        low = self.time != "noon"
        pen.glow(x, y, reach, mix(s, self.pal["haze"], 0.25 if low else 0.0), 0.85 if low else 0.6)
        c = mix(s, (255, 255, 255), 0.1) if low else (255, 244, 170)
        if self.time == "sunset":
            c = (255, 214, 92)
        if self.style == "neon":
            c = (255, 120, 150) if self.time == "sunset" else (255, 190, 120) if low else (255, 236, 120)
            self.c.drawCircle(x, y, radius, fill(mul(c, 0.55)))
            self.c.drawCircle(x, y, radius, line(c, 1.4))
            return
        if self.style in ("vector", "oil", "watercolor", "pixel") or self.style == "ink":
            if self.style == "ink":
                self.c.drawCircle(x, y, radius, fill((252, 226, 150) if self.time == "noon" else (250, 176, 120) if self.time == "sunset" else (255, 222, 190)))
                self.c.drawCircle(x, y, radius, line((38, 32, 36), 0.8))
                return
            self.c.drawCircle(x, y, radius, fill(c))
            return
        pen.shape(oval(x, y, radius), c)

    def moon(self):
        x, y = self.sun
        rad = self.u(8, 11.5)
        pen = self.pen
        pen.glow(x, y, 38, (170, 190, 250), 0.55)
        c = (252, 248, 222)
        if self.spec.get("moon", "full") == "crescent":
            hole = oval(x + rad * 0.5, y - rad * 0.25, rad * 0.86)
            path = skia.Op(oval(x, y, rad), hole, skia.kDifference_PathOp)
            pen.shape(path, c, edge=0.6)
            return
        pen.shape(oval(x, y, rad), c, edge=0.6)
        for dx, dy, k in ((-0.3, 0.2, 0.24), (0.32, -0.2, 0.18), (0.2, 0.42, 0.14)):
            pen.soft(oval(x + dx * rad, y + dy * rad, k * rad), (196, 198, 196), 0.8, 0.3)

    def star(self, x, y, rad, a=1.0):
        if self.style in ("paper", "glass") or (self.style == "ink" and rad > 0.9):
            pts = []
            for k in range(8):
                q = rad * (1.9 if k % 2 == 0 else 0.65)
                pts.append((x + q * math.sin(k * math.pi / 4), y + q * math.cos(k * math.pi / 4)))
            path = poly(pts)
            self.c.drawPath(path, fill((255, 250, 220), 1))
            if self.style == "glass":
                self.pen.over.drawPath(path, fill((255, 250, 200)))
            return
        if self.style != "ink":
            self.c.drawCircle(x, y, rad * 2.4, fill((170, 190, 255), 0.20 * a))
        self.c.drawCircle(x, y, rad, fill((255, 255, 246), a))

    def stars(self, h):
        n = {"night": 26, "milkyway": 80, "aurora": 18}[self.time]
        if self.style in ("paper", "glass", "ink"):
            n //= 3
        for _ in range(n):
            self.star(self.u(0, 128), self.u(0, h * 0.95), self.u(0.5, 1.2), self.u(0.65, 1))

    def milky_way(self, h):
        """A slanted band of light with dark lanes and dense stars."""
        a = self.u(-0.5, 0.5) + (1.0 if self.chance(0.5) else -1.0)
        cx, cy = self.u(46, 82), h * 0.42
        dx, dy = math.cos(a), math.sin(a)
        col = [(214, 170, 236), (150, 120, 226), (255, 214, 200)]
        strong = 2.2 if self.style in ("ink", "neon") else 1.5 if self.style in ("glass", "paper") else 1.0
        if self.style == "paper":
            for w, k in ((17, 0), (10, 1), (5, 2)):
                left, right = [], []
                for i in range(-6, 7):
                    s = i * 16
                    ww = w * self.u(0.75, 1.25)
                    left.append((cx + dx * s - dy * ww, cy + dy * s + dx * ww))
                    right.append((cx + dx * s + dy * ww, cy + dy * s - dx * ww))
                self.pen.shape(smooth(left + right[::-1], True), mul(col[k], (0.38, 0.55, 0.85)[k]), shadow=0.6)
            return
        for i in range(-30, 31):
            s = i * 3.6 + self.u(-3, 3)
            off = self.u(-8, 8)
            x, y = cx + dx * s - dy * off, cy + dy * s + dx * off
            rad = self.u(9, 19) * (1 - abs(i) / 60)
            self.c.drawCircle(x, y, rad, radial((x, y), rad, [rgba(col[int(self.r.integers(3))], min(1, 0.24 * strong)), rgba(col[1], 0)]))
        for i in range(-10, 11):
            s = i * 8 + self.u(-3, 3)
            x, y = cx + dx * s - dy * self.u(-3, 3), cy + dy * s + dx * self.u(-3, 3)
            rad = self.u(4, 8)
            self.c.drawCircle(x, y, rad, radial((x, y), rad, [rgba((24, 10, 40), 0.42), rgba((24, 10, 40), 0)]))
        for _ in range(90 if self.style not in ("ink", "glass") else 24):
            s, off = self.u(-80, 80), float(self.r.normal(0, 8))
            self.c.drawCircle(cx + dx * s - dy * off, cy + dy * s + dx * off, self.u(0.3, 0.75), fill((255, 250, 255), self.u(0.5, 1)))

    def aurora(self, h):
        """Curtains of green light that fade upwards into violet."""
        n = 2 if self.chance(0.5) else 3
        for k in range(n):
            base = h * (0.42 + 0.22 * k) + self.u(-4, 4)
            p, q, a = self.u(0, 6.28), self.u(0.035, 0.06), self.u(5, 10)
            tall = self.u(26, 44)
            green, top = mix((60, 255, 150), (60, 255, 220), self.u(0, 1)), mix((150, 90, 255), (60, 150, 255), self.u(0, 1))
            edge = [(x, base + a * math.sin(p + q * x * 1.7) + 0.4 * a * math.sin(2.1 * p + q * x * 3.1)) for x in np.linspace(-6, 134, 24)]
            if self.style in ("paper", "glass"):
                upper = [(x, y - tall * (0.55 + 0.2 * math.sin(i))) for i, (x, y) in enumerate(edge)]
                self.pen.shape(smooth(edge + upper[::-1], True), mul(green, 0.85), mul(top, 0.7), shadow=0.7)
                continue
            strong = 0.5 if self.style == "ink" else 0.9
            for (x0, y0), (x1, y1) in zip(edge, edge[1:]):
                b = self.u(0.55, 1.0) * strong
                reach = tall * self.u(0.75, 1.15)
                path = poly([(x0 - 0.3, y0), (x1 + 0.3, y1), (x1 + 0.3, y1 - reach), (x0 - 0.3, y0 - reach)])
                paint = linear((0, (y0 + y1) / 2), (0, (y0 + y1) / 2 - reach), [rgba(green, b), rgba(mix(green, top, 0.6), b * 0.5), rgba(top, 0)])
                self.c.drawPath(path, paint)
            if self.style in ("neon", "ink"):
                self.c.drawPath(smooth(edge), line(green, 1.2 if self.style == "neon" else 0.8, 0.9))
            else:
                self.c.drawPath(smooth(edge), skia.Paint(AntiAlias=True, Color=rgba((190, 255, 220), 0.5), Style=skia.Paint.kStroke_Style, StrokeWidth=1.6,
                                                        MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 1.0)))

    def cloud(self, x, y, w, c, shade):
        n = int(self.r.integers(4, 7))
        path = skia.Path()
        first = True
        for i in range(n):
            px = x + (i / (n - 1) - 0.5) * 1.7 * w
            rad = w * (0.20 + 0.26 * math.sin(math.pi * (i + 0.6) / (n + 0.2))) * self.u(0.85, 1.15)
            blob = oval(px, y - rad * 0.45, rad * 1.15, rad)
            path = blob if first else skia.Op(path, blob, skia.kUnion_PathOp)
            first = False
        path = skia.Op(path, rect(x - 2 * w, y, x + 2 * w, y + 2 * w), skia.kDifference_PathOp)
        if self.style in ("vector", "oil", "watercolor", "pixel"):
            b = path.getBounds()
            self.c.drawPath(path, linear((0, b.top()), (0, b.bottom()), [rgba(c, 0.96), rgba(mix(c, shade, 0.35), 0.9), rgba(shade, 0.55)]))
            if self.time in ("sunset", "sunrise"):
                with self.pen.inside(path):
                    self.c.drawPath(oval(x, y + 1, w * 1.3, 2.6), fill(self.pal["sun"], 0.5, 1.6))
        elif self.style == "ink":
            self.pen.shape(path, mix((255, 255, 255), c, 0.3 if self.weather != "rain" else 0.7), edge=0.8)
        else:
            self.pen.shape(path, c, mix(c, shade, 0.5))

    def clouds(self, h, n, size, grey=False):
        c = self.pal["cloud"]
        if grey:
            c = {"noon": (150, 158, 172), "sunrise": (190, 168, 180), "sunset": (128, 76, 104)}.get(self.time, (48, 56, 84))
        shade = mix(c, self.pal["sky"][1 if not grey else 0], 0.55)
        items = sorted((self.u(8 if not grey else 2, h * (0.62 if not grey else 0.5)), self.u(-8, 136), self.u(13, 25) * size) for _ in range(n))
        for y, x, w in items:
            self.cloud(x, y + 6, w * (0.6 + 0.5 * (1 - y / h)), c, shade)

    def bands(self, h):
        for _ in range(int(self.r.integers(2, 5))):
            x, y, w = self.u(10, 118), self.u(h * 0.2, h * 0.8), self.u(22, 44)
            path = smooth([(x - w, y), (x - w * 0.4, y - self.u(1.5, 3)), (x + w * 0.5, y - self.u(1, 2.6)), (x + w, y), (x + w * 0.3, y + 1.7), (x - w * 0.5, y + 1.5)], True)
            if self.style in ("paper", "glass", "neon", "ink"):
                self.pen.shape(path, self.pal["cloud"], edge=0.6, shadow=0.6)
            else:
                self.c.drawPath(path, fill(self.pen.tone(self.pal["cloud"]), 0.62, 0.8))

    def rainbow(self, h):
        cx, rad = self.u(36, 92), self.u(56, 68)
        cols = [(255, 60, 60), (255, 160, 40), (255, 236, 70), (80, 214, 90), (60, 140, 250), (150, 80, 220)]
        w = 2.7
        for i, c in enumerate(cols):
            r = rad - i * w
            path = skia.Path()
            path.addArc(skia.Rect(cx - r, h + 4 - r, cx + r, h + 4 + r), 180, 180)
            a = {"vector": 0.62, "oil": 0.7, "watercolor": 0.6, "pixel": 0.8, "ink": 0.5}.get(self.style, 0.95)
            self.c.drawPath(path, skia.Paint(AntiAlias=True, Color=rgba(c, a), Style=skia.Paint.kStroke_Style, StrokeWidth=w + 0.2))
            if self.style == "glass":
                self.pen.over.drawPath(path, skia.Paint(AntiAlias=True, Color=rgba(vivid(c, 1.2), 0.9), Style=skia.Paint.kStroke_Style, StrokeWidth=w + 0.2))
        for r in (rad + w / 2, rad - 5.5 * w):
            if self.style in ("ink", "glass"):
                path = skia.Path()
                path.addArc(skia.Rect(cx - r, h + 4 - r, cx + r, h + 4 + r), 180, 180)
                k = self.pen.over if self.style == "glass" else self.c
                k.drawPath(path, skia.Paint(AntiAlias=True, Color=rgba((20, 18, 24)), Style=skia.Paint.kStroke_Style, StrokeWidth=0.8))

    def rain(self):
        """Falling streaks over everything."""
        c = (225, 236, 250) if not self.dark else (170, 190, 230)
        if self.style == "ink":
            c = (40, 36, 44)
        k = self.pen.over if self.style == "glass" else self.c
        slant = self.u(1.5, 3.5)
        for _ in range(70 if self.style not in ("glass", "pixel") else 44):
            x, y, ln = self.u(-4, 132), self.u(-6, 124), self.u(6, 11)
            k.drawLine(x, y, x - slant, y + ln, line(c, 0.85 if self.style != "pixel" else 1.8, 0.6 if self.style != "pixel" else 0.75))

    def snowfall(self):
        k = self.pen.over if self.style == "glass" else self.c
        for _ in range(36):
            k.drawCircle(self.u(0, 128), self.u(0, 128), self.u(0.7, 1.7), fill((255, 255, 255), self.u(0.7, 0.95)))

    # -- land ----------------------------------------------------------------------------------

    def under(self, pts, curve=True):
        path = smooth(pts) if curve else poly(pts, closed=False)
        path.lineTo(140, 142)
        path.lineTo(-12, 142)
        path.close()
        return path

    def ridge(self, base, amp, rough=0.5, n=5):
        ys = [self.u(-1, 1), self.u(-1, 1), self.u(-1, 1)]
        scale = 0.9
        for _ in range(n):
            out = []
            for a, b in zip(ys, ys[1:]):
                out += [a, (a + b) / 2 + self.u(-1, 1) * scale]
            ys = out + [ys[-1]]
            scale *= rough
        return [(-6 + 140 * i / (len(ys) - 1), base - y * amp) for i, y in enumerate(ys)]

    def far(self, base, amp, c, depth, curve=False, n=5):
        """A silhouette of the distance: dark at its crest, dissolving in haze at its foot."""
        top, foot = self.lit(c, depth), self.lit(c, min(1.0, depth + 0.22))
        path = self.under(self.ridge(base, amp, 0.5, n), curve)
        self.pen.shape(path, top, foot, edge=0.7)

    def hills(self, base, amp, c, depth=0.0, dark=0.66, edge=0.9):
        x0 = self.u(-20, 0)
        pts = [(-12, base + self.u(-1, 1) * amp)]
        pts += [(x0 + 36 * i + self.u(-8, 8), base + self.u(-1, 1) * amp) for i in range(1, 5)]
        pts += [(142, base + self.u(-1, 1) * amp)]
        path = self.under(pts)
        self.c.save()
        self.pen.shape(path, mix(self.lit(c, depth), self.pal["rim"], 0.08), self.lit(mul(c, dark), depth * 0.6), edge=edge)
        self.c.restore()
        return pts

    def mountain(self, x, base, height, half, rock, depth, snow):
        """One peak: lit face, shaded face and a snow cap with a zigzag hem."""
        pen = self.pen
        top, k = base - height, 6
        side = 1 if pen.lit_left else -1
        left, right, crest = [], [], []
        for i in range(k + 1):
            t = i / k
            j = 0 if i in (0, k) else 1
            left.append((x - half * t + j * self.u(-1.5, 1.5), top + height * t ** self.u(0.92, 1.08) if i else top))
            right.append((x + half * t + j * self.u(-1.5, 1.5), top + height * t ** self.u(0.92, 1.08) if i else top))
            crest.append((x + (j * self.u(-3.4, 3.4) + side * 0.14 * half * t), top + height * t))
        haze = self.pal["haze"]
        light, dark = mix(self.lit(mul(rock, 1.15), depth), self.pal["rim"], 0.10), self.lit(mul(rock, 0.58), depth)
        foot = mix(self.lit(rock, depth), haze, 0.35)
        body = poly(left + right[::-1])
        pen.shape(body, light, mix(light, foot, 0.75))
        shaded = poly((crest + right[::-1]) if side > 0 else (crest + left[::-1]))
        b = shaded.getBounds()
        self.c.drawPath(shaded, linear((0, b.top()), (0, b.bottom()), [pen.tone(dark), pen.tone(mix(dark, foot, 0.65))]))
        if self.style == "glass":
            pen.shape(shaded, dark, mix(dark, foot, 0.65), edge=0.6)
        if snow:
            cap = height * self.u(0.30, 0.46)
            n = 8
            low = [(x - half + 2 * half * i / n, top + cap * (1 + (0.30 if i % 2 else -0.30) * self.u(0.6, 1.4))) for i in range(n + 1)]
            zig = poly([(x - half, top - 5)] + low + [(x + half, top - 5)])
            white = self.lit((252, 253, 255), depth * 0.5)
            whole = skia.Op(zig, body, skia.kIntersect_PathOp)
            part = skia.Op(whole, shaded, skia.kIntersect_PathOp)
            if self.style in ("vector", "oil", "watercolor", "pixel"):
                self.c.drawPath(whole, fill(pen.tone(mix(white, self.pal["rim"], 0.25))))
            else:
                pen.shape(whole, white, edge=0.6, shadow=0.0)
            self.c.drawPath(part, fill(pen.tone(mix(white, self.lit((110, 130, 190), depth), 0.6))))

    def range(self, base, big=True, snow=None):
        rock = mix((100, 104, 134), (128, 96, 92), self.u(0, 1))
        if self.time == "sunset":
            rock = (128, 84, 140)
        snow = self.chance(0.65) if snow is None else snow
        self.far(base - (24 if big else 11), 10 if big else 5, rock, 0.70)
        self.far(base - (13 if big else 5), 8 if big else 4, rock, 0.50)
        n = int(self.r.integers(2, 5))
        xs = np.linspace(8, 120, n) + self.r.uniform(-12, 12, n)
        for rank, i in enumerate(self.r.permutation(n)):
            tall = self.u(32, 54) if big else self.u(15, 25)
            self.mountain(float(xs[i]), base + 4, tall, tall * self.u(0.85, 1.2), rock, 0.34 - 0.22 * rank / n, snow)

    def mist(self, y, a=0.5):
        """A bank of haze that parts two layers of land."""
        if self.style in ("vector", "oil", "watercolor", "pixel"):
            self.c.drawRect(skia.Rect(-2, y - 9, 130, y + 7), linear((0, y - 9), (0, y + 7), [rgba(self.pal["haze"], 0), rgba(self.pal["haze"], a), rgba(self.pal["haze"], 0)]))

    def pine(self, x, y, h, depth=0.0, snow=False):
        green = mix((24, 84, 62), (44, 108, 60), self.u(0, 1))
        c, dark = self.lit(green, depth), self.lit(mul(green, 0.6), depth)
        w = h * 0.27
        pts_l, pts_r = [(x, y - h)], []
        tiers = 3 if h < 26 else 4
        for i in range(tiers):
            t0, t1 = (i + 1) / tiers, (i + 0.55) / tiers
            yy = y - h + h * 0.9 * t0
            pts_l += [(x - w * t0, yy), (x - w * t0 * 0.5, yy - h * 0.03)]
            pts_r += [(x + w * t0, yy), (x + w * t0 * 0.5, yy - h * 0.03)]
        path = poly(pts_l[:-1] + pts_r[:-1][::-1])
        self.pen.shape(rect(x - h * 0.035, y - h * 0.14, x + h * 0.035, y), self.lit((84, 58, 42), depth), edge=0.5, shadow=0)
        pair = (mix(c, self.pal["rim"], 0.12), dark)
        self.pen.shape(path, *(pair if self.pen.lit_left else pair[::-1]), across=True, edge=0.7, shadow=0.6, rim=0.35 * (1 - depth))
        if snow:
            white = self.lit((250, 252, 255), depth * 0.5)
            for i in range(tiers):
                t0 = (i + 1) / tiers
                yy = y - h + h * 0.9 * t0
                cap = poly([(x, yy - h * 0.26), (x - w * t0 * 0.82, yy - h * 0.03), (x - w * t0 * 0.3, yy - h * 0.09), (x, yy - h * 0.04),
                            (x + w * t0 * 0.34, yy - h * 0.09), (x + w * t0 * 0.8, yy - h * 0.03)])
                self.c.drawPath(cap, fill(self.pen.tone(white), 0.95))
                if self.style == "glass":
                    self.pen.over.drawPath(cap, fill(self.pen.tone(white), 0.95))

    def pines(self, y0, y1, n, h0, h1, depth, snow=False, gap=None):
        items = []
        for _ in range(n):
            x = self.u(-4, 132)
            if gap and gap[0] < x < gap[1]:
                continue
            t = self.u(0, 1)
            items.append((y0 + (y1 - y0) * t, x, h0 + (h1 - h0) * t))
        for y, x, h in sorted(items):
            self.pine(x, y, h * self.u(0.85, 1.15), depth * (1 - 0.5 * (y - y0) / max(1, y1 - y0)), snow)

    def round_tree(self, x, y, h, depth=0.1, c=None):
        c = c or mix((58, 122, 58), (110, 150, 60), self.u(0, 1))
        self.pen.shape(rect(x - h * 0.05, y - h * 0.4, x + h * 0.05, y), self.lit((96, 68, 48), depth), edge=0.5, shadow=0)
        path = oval(x, y - h * 0.66, h * 0.30, h * 0.34)
        for dx, dy, k in ((-0.2, 0.52, 0.2), (0.2, 0.54, 0.19), (-0.12, 0.82, 0.17), (0.14, 0.8, 0.16)):
            path = skia.Op(path, oval(x + dx * h, y - dy * h, k * h), skia.kUnion_PathOp)
        self.pen.shape(path, mix(self.lit(c, depth), self.pal["rim"], 0.15), self.lit(mul(c, 0.55), depth), edge=0.8, shadow=0.7, rim=0.4 * (1 - depth))

    def water(self, y0, c=(30, 104, 156), mirror=True, bottom=128.0):
        """Water from `y0` down; it mirrors what is above it where the style can show that."""
        pen = self.pen
        deep, low = self.lit(c, 0.0), mix(self.lit(c, 0.2), self.pal["sky"][3], 0.45)
        if self.time in ("sunset", "sunrise"):
            deep = mix(deep, self.pal["sky"][1], 0.45)
        path = rect(-4, y0, 132, bottom + 8)
        if mirror and self.style in ("vector", "oil", "pixel", "watercolor", "neon"):
            self.surface_mirror(y0, deep, low)
        else:
            pen.shape(path, low, deep, edge=0.6, shadow=0.5)
            if self.style in ("paper", "glass"):
                n = 3
                for k in range(n):
                    y = y0 + (bottom - y0) * (k + 0.8) / (n + 0.6)
                    p = self.u(0, 6)
                    pts = [(x, y + 1.6 * math.sin(p + x / 7.0)) for x in range(-8, 140, 6)]
                    pen.shape(self.under(pts), mix(low, deep, (k + 1) / n), edge=0.8, shadow=0.7)
        x = self.sun[0]
        s = self.pal["sun"]
        if self.time in ("sunrise", "sunset", "night", "noon") and self.weather != "rain":
            a = {"sunset": 0.8, "sunrise": 0.75, "night": 0.5, "noon": 0.35}[self.time]
            n = 13
            for k in range(n):
                t = (k + 0.5) / n
                y = y0 + 1.5 + (bottom - y0) * t
                w = (2.5 + 9 * t) * self.u(0.5, 1.2)
                bar = oval(x + self.u(-2, 2) * (1 + 2 * t), y, w, 0.5 + 0.9 * t)
                if self.style == "glass":
                    if k % 3 == 0:
                        pen.shape(oval(x, y, w * 1.2, 1.6 + 1.2 * t), mix(s, (255, 220, 120), 0.4), edge=0.6)
                elif self.style == "neon":
                    self.c.drawPath(bar, fill((255, 170, 130) if not self.dark else (190, 210, 255), a * 0.8))
                else:
                    self.c.drawPath(bar, fill(pen.tone(s) if self.style != "ink" else (255, 252, 240), a))
        for _ in range(12):
            y = self.u(y0 + 2, bottom)
            t = (y - y0) / (bottom - y0)
            x0, w = self.u(-6, 122), self.u(4, 12) * (0.4 + t)
            if self.style == "ink":
                self.c.drawLine(x0, y, x0 + w, y, line((60, 56, 66), 0.5, 0.8))
            elif self.style == "neon":
                self.c.drawLine(x0, y, x0 + w, y, line(bright(low, 0.9), 0.7, 0.5))
            elif self.style not in ("glass",):
                self.c.drawLine(x0, y, x0 + w, y, line(mix(low, (255, 255, 255), 0.35), 0.45 + 0.5 * t, 0.45))

    def surface_mirror(self, y0, deep, low):
        px = self.pen.pixels
        row = int(round(y0 * 2))
        if row >= BIG - 4:
            return
        h = BIG - row
        src = px[max(0, row - h):row][::-1]
        if len(src) < h:
            src = np.concatenate([src, np.repeat(src[-1:], h - len(src), 0)])
        t = np.linspace(0, 1, h, dtype=np.float32)
        yy = np.arange(h, dtype=np.float32)[:, None]
        wave = (np.sin(yy * 0.55 + self.u(0, 6)) + 0.6 * np.sin(yy * 1.3 + self.u(0, 6))) * (0.7 + 3.2 * t[:, None])
        mx = np.arange(BIG, dtype=np.float32)[None, :] + wave
        src = cv2.remap(np.ascontiguousarray(src), mx.astype(np.float32), np.broadcast_to(yy, mx.shape).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        toned = [self.pen.tone(c) for c in (low, deep)]
        tint = np.array(toned, np.float32)
        tint = tint[0] + (tint[1] - tint[0]) * t[:, None]
        k = (0.62 - 0.30 * t)[:, None, None]
        if self.style == "neon":
            k = k * 0.8
        px[row:, :, :3] = (src[:, :, :3] * k + tint[:, None] * (1 - k)).astype(np.uint8)
        px[row:, :, 3] = 255
        if self.style == "neon":
            self.c.drawLine(-2, y0, 130, y0, line(bright(low, 0.9), 0.9))

    def headland(self, x, y, w):
        """A low rocky island with grass on it."""
        rock = (104, 92, 88)
        base = smooth([(x - w * 1.15, y + 7), (x - w, y + 1.5), (x - w * 0.55, y - 1), (x + w * 0.1, y - 2.5), (x + w * 0.6, y - 0.5), (x + w, y + 2.5), (x + w * 1.15, y + 7),
                       (x, y + 9)], True)
        self.pen.shape(base, self.lit(mul(rock, 1.1)), self.lit(mul(rock, 0.5)))
        top = smooth([(x - w * 0.9, y + 2.2), (x - w * 0.5, y - 0.8), (x + w * 0.1, y - 2.4), (x + w * 0.6, y - 0.4), (x + w * 0.9, y + 2.4), (x + w * 0.2, y + 2.2), (x - w * 0.4, y + 3)], True)
        self.pen.shape(top, self.lit((112, 152, 74)), edge=0.5, shadow=0)

    def tufts(self, y0, n, c):
        """Blades of grass, longer in front."""
        if self.style in ("glass", "paper"):
            n = n // 4
        for _ in range(n):
            x, y = self.u(0, 128), self.u(y0, 128)
            k = 1.8 + 5 * (y - y0) / max(1, 128 - y0)
            self.c.drawLine(x, y, x + self.u(-1.4, 1.4), y - k, line(self.pen.tone(self.lit(mul(c, self.u(0.6, 1.3)))) if self.style != "neon" else mul(bright(self.lit(c)), 0.6), 0.8, 0.8))

    def shade(self, x, y, rx, ry=2.2, a=0.35):
        if self.style not in ("paper", "neon", "glass"):
            d = 1 if self.pen.lit_left else -1
            self.c.drawPath(oval(x + d * rx * 0.35, y, rx, ry), fill(mul(self.pal["near"], 0.6) if self.style != "ink" else (60, 56, 60), a, 1.2))

    # -- what a scene holds ------------------------------------------------------------------------

    def place(self, width, n=1):
        """The x of each subject, after the wanted position (for one) or spread out (for several)."""
        where = self.spec.get("position", "center")
        if n == 1:
            a, b = {"left": (22, 36), "center": (56, 72), "right": (92, 106)}[where]
            x = self.u(a, b)
            return [min(max(x, width * 0.5 + 2), 126 - width * 0.5)]
        xs = np.linspace(64 - 25 * (n - 1), 64 + 25 * (n - 1), n) if n == 2 else np.linspace(23, 105, 3)
        return [float(x + self.u(-4, 4)) for x in xs]

    def sky_subjects(self):
        """Balloons and birds are in the air, whatever the land."""
        s = self.spec.get("subject")
        if s not in ("balloon", "bird"):
            return
        n, colour = self.spec.get("count", 1), self.spec["colour"]
        with self.pen.subject():
            if s == "balloon":
                rad = {1: (17, 23), 2: (14, 18), 3: (11, 14)}[n]
                xs = self.place(2 * rad[1], n)
                for x in xs:
                    rr = self.u(*rad)
                    subjects.balloon(self, x, self.u(rr * 1.15 + 3, 36 if n == 1 else 44), rr, colour)
            else:
                size = {1: (44, 56), 2: (34, 42), 3: (27, 34)}[n]
                for x in self.place(size[1], n):
                    w = self.u(*size)
                    subjects.bird(self, x, 0.70 * w + self.u(5, 14), w, colour)

    def above(self):
        """A small companion in the air over the subject."""
        what = self.spec.get("above")
        if not what:
            return
        x = self.u(30, 98)
        with self.pen.subject():
            if what == "balloon":
                subjects.balloon(self, x, self.u(17, 22), self.u(10, 12), self.spec["above_colour"])
            elif what == "bird":
                subjects.bird(self, x, self.u(23, 28), self.u(26, 31), self.spec["above_colour"])

    def land_subjects(self, y, snow=False, height=1.0):
        """Whatever stands on the ground at the height y."""
        s, colour, n = self.spec.get("subject"), self.spec.get("colour"), self.spec.get("count", 1)
        k = {1: 1.0, 2: 0.82, 3: 0.62}[n if n in (1, 2, 3) else 1] * height
        sizes = {"house": (34, 42, 1.05), "horse": (52, 60, 1.30), "cat": (54, 66, 0.80), "tower": (62, 74, 0.5), "lighthouse": (66, 78, 0.4), "astronaut": (60, 72, 0.62)}
        if s not in sizes:
            return
        a, b, aspect = sizes[s]
        with self.pen.subject():
            for x in self.place(b * k * aspect, n):
                size = self.u(a, b) * k
                yy = y + self.u(0, 5) + {"cat": 26, "horse": 22, "astronaut": 24}.get(s, 6)
                yy = min(yy, 123)
                self.shade(x, yy, size * aspect * 0.36)
                getattr(subjects, s)(self, x, yy, size, colour, snow) if s == "house" else getattr(subjects, s)(self, x, yy, size, colour)

    # -- scenes --------------------------------------------------------------------------------

    def paint(self):
        getattr(self, "scene_" + self.spec["scene"])()
        if self.spec["scene"] not in ("garden", "window", "underwater", "space"):
            self.sky_subjects()
            self.above()
            if self.weather == "rain":
                self.rain()

    def scene_mountains(self):
        s = self.spec.get("subject")
        self.horizon = self.u(72, 80)
        h = self.horizon
        self.sky(h - (self.u(6, 14) if not self.dark else 0))
        self.range(h + 4)
        self.mist(h + 2, 0.55)
        if s in ("sailboat", "bridge") or (s in (None, "balloon", "bird") and self.spec.get("lake")):
            self.far(h + 4, 1.4, (44, 84, 66), 0.25)
            self.pines(h + 4, h + 7, 16, 7, 11, 0.3)
            self.water(h + 8, (30, 96, 140))
            self.water_subjects(h + 8)
            if s is None and self.chance(0.6):
                side = self.chance(0.5)
                for _ in range(4):
                    self.pine(self.u(-4, 18) if side else self.u(110, 132), self.u(126, 134), self.u(38, 56), 0)
            return
        green = mix((84, 138, 68), (126, 148, 70), self.u(0, 1))
        self.hills(h + 9, 4, mul(green, 0.85), 0.30)
        if self.chance(0.7):
            self.pines(h + 8, h + 16, 18, 9, 14, 0.3)
        self.hills(h + 22, 4, green, 0.08)
        if s in ("house", "horse", "tower"):
            self.land_subjects(h + 24)
        elif self.chance(0.7):
            self.pines(h + 26, 128, 13, 18, 38, 0.08, gap=(36, 92))

    def water_subjects(self, y0):
        s, colour, n = self.spec.get("subject"), self.spec.get("colour"), self.spec.get("count", 1)
        with self.pen.subject():
            if s == "sailboat":
                tall = {1: (58, 72), 2: (42, 50), 3: (32, 38)}[n]
                for x in self.place(tall[1] * 0.85, n):
                    subjects.sailboat(self, x, self.u(max(y0 + 16, 100), 114), self.u(*tall), colour)
            elif s == "bridge":
                subjects.bridge(self, y0 + self.u(10, 16), self.u(38, 48), colour)

    def scene_sea(self):
        self.horizon = h = self.u(68, 80)
        s, colour = self.spec.get("subject"), self.spec.get("colour")
        self.sky()
        if self.chance(0.4):
            self.far(h - 2.5, 3.5, (84, 100, 130), 0.5)
        self.water(h, mix((18, 92, 158), (24, 140, 164), self.u(0, 1)))
        if s in ("lighthouse", "house"):
            y = self.u(h + 14, h + 22)
            with self.pen.subject():
                for x in self.place(50 if s == "lighthouse" else 56):
                    self.headland(x, y, self.u(24, 30))
                    if s == "lighthouse":
                        subjects.lighthouse(self, x + self.u(-3, 3), y + 1, self.u(64, 78), colour)
                    else:
                        subjects.house(self, x, y + 1, self.u(34, 40), colour, False)
        elif s in ("sailboat", "bridge"):
            self.water_subjects(h)
        elif s is None and self.chance(0.4):
            sand = (236, 206, 150)
            pts = [(-12, self.u(112, 122)), (40, self.u(106, 116)), (90, self.u(110, 120)), (142, self.u(104, 116))]
            self.pen.shape(self.under(pts), self.lit(sand), self.lit(mul(sand, 0.75)), edge=0.7)
            self.c.drawPath(smooth(pts), line(self.lit((255, 255, 255)), 2.2, 0.8))

    def scene_desert(self):
        self.horizon = h = self.u(68, 78)
        self.sky()
        sand = mix((240, 190, 112), (228, 154, 88), self.u(0, 1))
        if self.chance(0.55):
            self.far(h - 4, 7, (170, 100, 84), 0.45, n=3)
        for i, base in enumerate((h + 3, h + 16, h + 34)):
            peak = self.u(20, 108)
            up = self.u(9, 14) + 3.5 * i
            depth = 0.34 - 0.16 * i
            crest = [(-14, base + self.u(2, 7)), (peak - 46, base + self.u(0, 4)), (peak - 14, base - up * 0.7), (peak, base - up), (peak + 16, base - up * 0.45),
                     (peak + 52, base + 4), (146, base + self.u(2, 7))]
            lit = mix(self.lit(mul(sand, 1.06), depth), self.pal["rim"], 0.12)
            self.pen.shape(self.under(crest), lit, self.lit(mul(sand, 0.78), depth))
            d = 1 if self.pen.lit_left else -1
            face = skia.Path()
            face.moveTo(peak, base - up * 0.80)
            face.quadTo(peak + d * 8, base + 4, peak + d * self.u(-8, 10), base + 28)
            face.quadTo(peak + d * 44, base + 20, peak + d * 64, base + 8)
            face.quadTo(peak + d * 22, base - up * 0.25, peak, base - up * 0.80)
            shade = self.lit(mul(sand, 0.52), depth)
            if self.style in ("paper", "glass", "ink", "neon"):
                self.pen.shape(face, mix(lit, shade, 0.7), edge=0.6, shadow=0)
            else:
                b = [rgba(self.pen.tone(shade), 0.95), rgba(self.pen.tone(shade), 0.0)]
                self.c.drawPath(face, linear((0, base - up), (0, base + 28), b))
        if self.spec.get("subject") in ("horse", "tower", "astronaut", "cat", "house"):
            self.land_subjects(h + 28)
        elif self.chance(0.75):
            for _ in range(int(self.r.integers(1, 3))):
                self.cactus(self.u(10, 118), self.u(h + 26, 120), self.u(16, 30))

    def cactus(self, x, y, k):
        c = self.lit((60, 130, 78))
        self.shade(x, y, k * 0.25, 1.2)
        arms = skia.Path()
        arms.moveTo(x, y)
        arms.lineTo(x, y - k)
        for s, a in ((-1, 0.45), (1, 0.6)):
            arms.moveTo(x, y - k * a + k * 0.12)
            arms.quadTo(x + s * k * 0.34, y - k * a + k * 0.12, x + s * k * 0.34, y - k * a - k * 0.2)
        self.pen.stroke(arms, c, k * 0.17)

    def scene_forest(self):
        self.horizon = h = self.u(58, 66)
        self.sky(h - 8)
        s = self.spec.get("subject")
        g = (70, 112, 62)
        self.far(h - 2, 5, (60, 100, 90), 0.72)
        self.pines(h, h + 8, 20, 22, 32, 0.66)
        self.mist(h + 4, 0.5)
        self.hills(h + 14, 3, mul(g, 0.85), 0.38)
        clear = s in ("house", "cat", "horse", "tower")
        self.pines(h + 12, h + 24, 15, 30, 42, 0.38, gap=(44, 84) if not clear else None)
        self.mist(h + 22, 0.35)
        self.hills(h + 34, 3, g, 0.06)
        if not clear and self.chance(0.6):
            path = smooth([(60, h + 32), (70, h + 40), (54, h + 48), (42, 134), (96, 134), (74, h + 48), (78, h + 40), (65, h + 32)], True)
            self.pen.shape(path, self.lit((206, 176, 128), 0.05), edge=0.6, shadow=0)
        self.tufts(h + 36, 24, g)
        if clear:
            self.land_subjects(h + 30)
            self.pines(h + 50, 132, 5, 50, 66, 0.0, gap=(14, 114))
        else:
            self.pines(h + 40, 134, 10, 46, 72, 0.06, gap=(32, 96))

    def meadow_ground(self):
        h = self.horizon
        g = mix((104, 178, 72), (138, 184, 74), self.u(0, 1))
        if self.chance(0.4):
            self.range(h + 2, big=False)
        else:
            self.far(h - 1, 4, (90, 130, 110), 0.6, curve=True, n=3)
        self.hills(h + 4, 4, mul(g, 0.85), 0.42)
        if self.chance(0.7):
            for _ in range(6):
                self.round_tree(self.u(0, 128), h + 8 + self.u(-1, 2), self.u(8, 13), 0.36)
        self.hills(h + 15, 4, g, 0.16)
        self.hills(h + 32, 4, mul(g, 0.9), 0.0)
        return g

    def scene_meadow(self):
        self.horizon = h = self.u(60, 70)
        self.sky()
        g = self.meadow_ground()
        self.tufts(h + 32, 34, g)
        if self.spec.get("subject") == "flower":
            with self.pen.subject():
                subjects.flower_field(self, h + 18)
        else:
            if self.chance(0.35):
                for _ in range(26):
                    y = self.u(h + 22, 126)
                    self.c.drawCircle(self.u(0, 128), y, 0.6 + 1.3 * (y - h) / (128 - h), fill(self.pen.tone(self.lit((255, 250, 214))) if self.style != "neon" else (255, 250, 214), 0.9))
            if self.spec.get("subject") is None and self.chance(0.7):
                self.round_tree(self.u(24, 104), h + self.u(24, 34), self.u(36, 52), 0.0)
            self.land_subjects(h + 20)

    def scene_city(self):
        self.horizon = h = self.u(84, 92)
        self.sky(h - 8)
        windows = 0.6 if self.dark else (0.35 if self.time == "sunset" else 0.12 if self.time == "sunrise" else 0)
        for layer, (depth, low, high) in enumerate(((0.66, 22, 48), (0.36, 16, 56), (0.08, 12, 42))):
            x = self.u(-12, 0)
            while x < 130:
                w = self.u(10, 17)
                top = h - self.u(low, high) * (1 - 0.12 * layer)
                tone = mix((90, 104, 140), (150, 112, 112), self.u(0, 1)) if layer < 2 else mix((66, 76, 110), (120, 88, 92), self.u(0, 1))
                c = self.lit(tone, depth)
                pair = (mix(mul(c, 1.12), self.pal["rim"], 0.10 if layer else 0.02), mul(c, 0.70))
                body = rect(x, top, x + w, h + 3)
                if self.chance(0.2):
                    body = skia.Op(body, rect(x + w * 0.25, top - 5, x + w * 0.75, top + 1), skia.kUnion_PathOp)
                elif self.chance(0.15):
                    body = skia.Op(body, poly([(x, top + 0.5), (x + w / 2, top - 7), (x + w, top + 0.5)]), skia.kUnion_PathOp)
                self.pen.shape(body, *(pair if self.pen.lit_left else pair[::-1]), across=True, edge=0.7 if layer else 0.5, shadow=0.6)
                if layer and self.chance(0.2):
                    self.pen.stroke(poly([(x + w / 2, top), (x + w / 2, top - 9)], False), c, 0.8)
                if layer:
                    self.windows(x, top, w, h, c, windows)
                x += w + self.u(-1, 3)
        s = self.spec.get("subject")
        if s in ("sailboat", "bridge") or self.spec.get("lake", True):
            self.water(h + 1, (36, 84, 130))
            self.water_subjects(h + 1)
        else:
            self.hills(h + 6, 2, (76, 126, 66), 0.1)
            for _ in range(9):
                self.round_tree(self.u(0, 128), self.u(h + 12, 128), self.u(14, 22), 0.04)
        self.land_subjects(h + 4)

    def windows(self, x, top, w, h, c, lights):
        step = 4.4
        yy = top + 3
        while yy < h - 3:
            xx = x + 2
            while xx < x + w - 2.6:
                lamp = self.r.random() < lights
                box = skia.Rect(xx, yy, xx + 2.1, yy + 2.4)
                if lamp:
                    p = fill((255, 218, 120) if self.style != "neon" else (255, 224, 120), 0.95)
                    self.c.drawRect(box, p)
                    if self.pen.over:
                        self.pen.over.drawRect(box, p)
                elif self.style not in ("glass", "paper") and self.r.random() < 0.7:
                    self.c.drawRect(box, fill(mix(self.pen.tone(c), self.pal["sky"][2] if self.style not in ("ink", "neon") else self.pen.tone((60, 60, 70)), 0.45), 0.7))
                xx += step
            yy += step + 0.6

    def scene_village(self):
        """Little houses round a church on rolling hills."""
        self.horizon = h = self.u(62, 70)
        self.sky()
        g = mix((112, 172, 76), (150, 176, 78), self.u(0, 1))
        if self.chance(0.5):
            self.range(h + 2, big=False)
        else:
            self.far(h, 5, (90, 120, 120), 0.55, curve=True, n=3)
        self.hills(h + 8, 4, mul(g, 0.85), 0.34)
        for _ in range(5):
            self.round_tree(self.u(0, 128), h + self.u(9, 12), self.u(9, 13), 0.32)
        cx = self.u(44, 84)
        subjects.church(self, cx, h + 17, self.u(34, 42), 0.18)
        wide = self.spec.get("subject") in ("horse", "cat")
        self.hills(h + 17, 3, g, 0.14)
        for row, (y, size, n, depth) in enumerate(((h + 20, 12, 4, 0.16), (h + 33, 17, 4, 0.04))):
            xs = np.linspace(6, 122, n) + self.r.uniform(-9, 9, n)
            for x in xs:
                if row == 1 and wide and 20 < x < 108:
                    continue
                subjects.cottage(self, float(x), y + self.u(-2, 3), size * self.u(0.9, 1.15), depth)
            if row == 0:
                self.hills(h + 31, 3, mul(g, 0.94), 0.05)
        self.hills(h + 50, 3, mul(g, 0.86), 0.0)
        for _ in range(3):
            self.round_tree(self.u(0, 128), self.u(h + 50, 128), self.u(18, 26), 0.0)
        self.land_subjects(h + 26)

    def scene_snow(self):
        self.horizon = h = self.u(62, 74)
        self.sky()
        s = self.spec.get("subject")
        white = (240, 246, 255)
        if self.chance(0.55):
            self.range(h + 3, big=False, snow=True)
        else:
            self.far(h, 5, (170, 190, 220), 0.5, n=4)
        self.hills(h + 4, 5, white, 0.34, 0.86)
        self.pines(h + 5, h + 11, 16, 10, 16, 0.36, True)
        self.hills(h + 18, 5, white, 0.12, 0.80)
        if s in ("house", "horse", "cat", "tower", "astronaut"):
            self.land_subjects(h + 22, snow=True)
            self.pines(h + 24, 130, 5, 26, 42, 0.06, True, gap=(16, 112))
        else:
            self.pines(h + 20, 126, 10, 22, 46, 0.08, True, gap=(40, 88) if self.chance(0.6) else None)
        if self.spec.get("snowing"):
            self.snowfall()

    def scene_garden(self):
        """Flowers near the eye before a soft background of the hour's light."""
        self.horizon = h = self.u(84, 98)
        self.sky(h)
        g = (86, 150, 74)
        if self.style in ("vector", "oil", "watercolor", "pixel"):
            self.c.drawRect(skia.Rect(-2, h - 24, 130, 130), linear((0, h - 24), (0, h + 8), [rgba(self.pen.tone(self.lit(g, 0.35)), 0), rgba(self.pen.tone(self.lit(g, 0.25)), 1)]))
            for _ in range(16):
                x, y, r = self.u(0, 128), self.u(h - 16, 126), self.u(4, 11)
                self.c.drawCircle(x, y, r, fill(self.pen.tone(mix(self.lit(mul(g, self.u(0.7, 1.3)), 0.25), self.pal["rim"], self.u(0, 0.3))), 0.4, 2.0))
        else:
            self.hills(h - 8, 4, g, 0.4)
            self.hills(h + 6, 4, mul(g, 0.8), 0.18)
        with self.pen.subject():
            subjects.flowers_alone(self)

    def scene_window(self):
        """A vase of flowers on a sill; the hour is seen through the window."""
        self.horizon = h = self.u(70, 80)
        self.sky(h, body=True)
        kind = int(self.r.integers(3))
        if kind == 0:
            self.far(h - 2, 8, (100, 104, 140), 0.5)
            self.hills(h + 4, 3, (100, 150, 80), 0.25)
        elif kind == 1:
            self.hills(h - 2, 4, (100, 160, 80), 0.3)
        else:
            self.water(h, mirror=False, bottom=104)
        pen = self.pen
        wall = mix((224, 206, 186), (190, 200, 210), self.u(0, 1))
        light = {"sunset": (0.80, 0.60, 0.56), "sunrise": (0.98, 0.9, 0.86), "noon": (1, 1, 1)}.get(self.time, mul(self.pal["tint"], 1.25))
        w, frame = mul(wall, light), mul((250, 246, 238), light)
        if self.dark:
            w = mix(w, (120, 84, 60), 0.2)
        x0, x1, y0, y1 = 14, 114, 8, 102
        border = skia.Op(rect(-4, -4, 132, 132), rect(x0, y0, x1, y1), skia.kDifference_PathOp)
        pen.shape(border, w, mul(w, 0.86))
        frame_path = skia.Op(rect(x0 - 3, y0 - 3, x1 + 3, y1 + 3), rect(x0, y0, x1, y1), skia.kDifference_PathOp)
        pen.shape(frame_path, frame, edge=0.6)
        bars = skia.Op(rect(63, y0, 65.4, y1), rect(x0, 36, x1, 38.2), skia.kUnion_PathOp)
        pen.shape(bars, frame, edge=0.5)
        sill = mul(mix((176, 124, 82), (236, 228, 216), float(self.r.integers(2))), light)
        pen.shape(rect(-4, 104, 132, 132), mix(sill, self.pal["rim"], 0.15), mul(sill, 0.7))
        with pen.subject():
            subjects.vase(self, 64 + self.u(-5, 5), 118, self.spec["colour"])

    def scene_underwater(self):
        top, deep = mix((92, 214, 232), (70, 196, 214), self.u(0, 1)), mix((8, 50, 118), (10, 70, 120), self.u(0, 1))
        t = self.pen.tone
        self.c.drawRect(skia.Rect(-2, -2, 130, 130), linear((0, 0), (0, 118), [t(top), t(mix(top, deep, 0.55)), t(deep)]))
        if self.style == "paper":
            for k in range(1, 5):
                p = self.u(0, 6)
                pts = [(x, 22 * k + 2.5 * math.sin(p + x / 12)) for x in range(-8, 145, 8)]
                self.pen.shape(self.under(pts), mix(top, deep, k / 4), shadow=0.7)
        elif self.style != "ink":
            x = self.u(20, 108)
            for k in range(5):
                a, w = x + self.u(-50, 50), self.u(5, 14)
                slant = (a - x) * 0.7 + self.u(-8, 8)
                self.c.drawPath(poly([(a - w / 2, -4), (a + w / 2, -4), (a + w + slant, 112), (a - w + slant, 112)]),
                                linear((0, 0), (0, 112), [rgba((255, 255, 255), 0.28), rgba((255, 255, 255), 0)]))
        self.pal = self.pen.pal = dict(self.pal, haze=deep, tint=(0.8, 0.95, 1.0), rim=(200, 250, 255))
        pts = [(-12, self.u(104, 112)), (40, self.u(102, 112)), (90, self.u(104, 112)), (142, self.u(102, 112))]
        self.pen.shape(self.under(pts), self.lit((226, 204, 150), 0.3), self.lit((180, 160, 130), 0.5))
        for _ in range(int(self.r.integers(3, 6))):
            sx, sy, hh = self.u(2, 126), self.u(112, 124), self.u(20, 44)
            c = self.lit((50, 160, 84), self.u(0.1, 0.45))
            for k in (-1, 0, 1):
                p = skia.Path()
                p.moveTo(sx + k * 3, sy)
                p.cubicTo(sx + k * 4 + 6, sy - hh * 0.35, sx + k * 5 - 6, sy - hh * 0.65, sx + k * 5 + self.u(-3, 3), sy - hh * (1 - 0.2 * abs(k)))
                self.pen.stroke(p, mul(c, 1 + 0.15 * k), 2.4)
        for _ in range(int(self.r.integers(1, 4))):
            subjects.coral(self, self.u(6, 122), self.u(112, 124), self.u(10, 18))
        with self.pen.subject():
            subjects.fishes(self)
        for _ in range(9):
            x, y, r = self.u(4, 124), self.u(6, 110), self.u(0.8, 2.4)
            self.c.drawCircle(x, y, r, line((230, 250, 255), 0.5, 0.8))

    def scene_space(self):
        """Grey ground, black sky, a planet and many stars."""
        self.c.drawRect(skia.Rect(-2, -2, 130, 130), linear((0, 0), (0, 100), [self.pen.tone(c) if self.style not in ("ink", "neon") else mix(c, PAPER, 0.25 if self.style == "ink" else 0)
                                                                          for c in ((8, 8, 22), (20, 16, 44), (36, 26, 66))]))
        self.pal = self.pen.pal = dict(self.pal, haze=(60, 54, 90), tint=(0.85, 0.85, 0.92), rim=(255, 250, 240))
        self.time = self.pen.time = "noon"
        for _ in range(40 if self.style not in ("paper", "glass", "ink") else 16):
            self.star(self.u(0, 128), self.u(0, 90), self.u(0.4, 1.1), self.u(0.6, 1))
        where = self.spec.get("position", "center")
        x = self.u(84, 104) if where == "left" else self.u(22, 42) if where == "right" else (self.u(20, 34) if self.chance(0.5) else self.u(94, 108))
        subjects.planet(self, x, self.u(22, 36), self.u(13, 19))
        self.pen.lit_left = x < 64
        self.far(88, 6, (130, 126, 140), 0.35, n=3)
        grey = (176, 172, 182)
        pts = [(-12, self.u(94, 102)), (40, self.u(92, 100)), (90, self.u(94, 102)), (142, self.u(92, 100))]
        self.pen.shape(self.under(pts), self.lit(grey), self.lit(mul(grey, 0.5)))
        for _ in range(5):
            cx, cy = self.u(4, 124), self.u(106, 124)
            w = self.u(5, 12) * (cy - 88) / 30
            self.pen.shape(oval(cx, cy, w, w * 0.3), self.lit(mul(grey, 0.62)), self.lit(mul(grey, 0.9)), edge=0.6, shadow=0)
        if self.spec.get("subject"):
            self.land_subjects(94)
