"""The things that live in a scene. Each function draws one with the scene's pen: x and y are its foot, `h` its height.

Most bodies are outlines in a unit drawing (see `paint.outline`): x from -0.5 to 0.5, y from 0 at the foot to 1 at the top.
"""

import math

import numpy as np
import skia

from paint import COLOURS, Frame, bright, fill, line, linear, mix, mul, oval, poly, radial, rect, rgba, smooth


def base(sc, colour, depth=0.0):
    return sc.lit(COLOURS[colour], depth)


def shades(sc, colour, depth=0.0):
    """Lit and shaded version of a subject's colour that stay clearly that colour."""
    c = COLOURS[colour]
    light, dark = mix(c, (255, 255, 255), 0.16), mul(c, 0.68)
    if colour == "white":
        light, dark = (255, 254, 250), (206, 208, 220)
    elif colour == "black":
        light, dark = (66, 64, 80), (22, 20, 30)
    elif colour == "yellow":
        dark = (232, 164, 20)
    elif colour == "turquoise":
        dark = (10, 140, 146)
    return sc.lit(light, depth), sc.lit(dark, depth)


def edge_glow(sc, colour):
    """In neon, what a tube of this colour shines like."""
    return {"black": (110, 100, 140), "brown": (206, 120, 60), "grey": (170, 176, 190), "white": (255, 255, 255)}.get(colour, bright(COLOURS[colour], 1.0))


def body(sc, path, colour, across=True, **kw):
    light, dark = shades(sc, colour, kw.pop("depth", 0.0))
    pair = (light, dark) if (sc.pen.lit_left or not across) else (dark, light)
    kw.setdefault("rim", 0.55)
    return sc.pen.shape(path, *pair, across=across, glow=edge_glow(sc, colour), **kw)


def lamp(sc):
    return sc.dark or sc.time == "sunset"


# -- buildings ---------------------------------------------------------------------------------------


def lighthouse(sc, x, y, h, colour):
    f = Frame(x, y, h)
    pen = sc.pen
    tower = f("M -0.13 0 L -0.075 0.72 L 0.075 0.72 L 0.13 0 Z")
    white = "white" if colour != "white" else "grey"
    body(sc, tower, colour)
    with pen.inside(tower):
        for a, b in ((0.13, 0.28), (0.43, 0.57)):
            l, d = shades(sc, white)
            if colour == "white":
                l, d = sc.lit((222, 224, 232)), sc.lit((176, 180, 196))
            band = f(f"M -0.2 {a} L 0.2 {a} L 0.2 {b} L -0.2 {b} Z")
            pen.shape(band, *((l, d) if pen.lit_left else (d, l)), across=True, edge=0.5, shadow=0)
    pen.shape(f("M -0.115 0.72 L 0.115 0.72 L 0.115 0.755 L -0.115 0.755 Z"), sc.lit((70, 72, 84)), edge=0.6)
    glass_c = (255, 232, 140) if lamp(sc) else sc.lit((190, 222, 236))
    pen.shape(f("M -0.06 0.755 L 0.06 0.755 L 0.06 0.86 L -0.06 0.86 Z"), glass_c, edge=0.6, shadow=0)
    body(sc, f("M -0.085 0.86 Q -0.06 0.96 0 0.98 Q 0.06 0.96 0.085 0.86 Z"), colour if colour != "white" else "grey", edge=0.8)
    pen.stroke(f("M 0 0.97 L 0 1.03"), sc.lit((60, 60, 70)), 0.8)
    pen.detail(f("M -0.035 0 L -0.035 0.075 Q 0 0.105 0.035 0.075 L 0.035 0 Z"), sc.lit((70, 50, 44)))
    pen.detail(f("M -0.02 0.32 L 0.02 0.32 L 0.02 0.38 L -0.02 0.38 Z"), sc.lit((50, 54, 70)))
    lx, ly = f.at(0, 0.81)
    if sc.dark or sc.time == "sunset":
        pen.glow(lx, ly, h * 0.30, (255, 236, 150), 0.9)
        if sc.dark and sc.style in ("vector", "oil", "pixel", "watercolor", "neon"):
            for s in (-1, 1):
                beam = poly([(lx, ly), (lx + s * 90, ly - 16), (lx + s * 90, ly + 8)])
                sc.c.drawPath(beam, linear((lx, ly), (lx + s * 76, ly), [rgba((255, 240, 170), 0.5), rgba((255, 240, 170), 0)]))


def house(sc, x, y, h, colour, snow=False):
    """A cottage with a gable towards us: coloured walls, dark roof, lit windows."""
    flip = sc.chance(0.5)
    f = Frame(x, y, h, flip)
    pen = sc.pen
    roof = sc.lit((92, 62, 58)) if colour not in ("brown", "red", "black") else sc.lit((74, 80, 104))
    light, dark = shades(sc, colour)
    pen.shape(f("M 0.28 0.62 L 0.38 0.62 L 0.38 0.98 L 0.28 0.98 Z"), sc.lit((150, 92, 76)), edge=0.7)
    # side wall, roof, then the gable
    side = f("M 0.02 0 L 0.56 0 L 0.56 0.46 L 0.02 0.46 Z")
    pen.shape(side, mix(light, dark, 0.6), dark, glow=edge_glow(sc, colour))
    pen.shape(f("M -0.24 0.92 L 0.38 0.92 L 0.64 0.42 L 0.04 0.42 Z"), mul(roof, 1.15), mul(roof, 0.8))
    if snow:
        pen.shape(f("M -0.24 0.93 L 0.38 0.93 L 0.50 0.70 L 0.40 0.74 L 0.30 0.68 L 0.20 0.73 L 0.10 0.68 L -0.06 0.75 Z"), sc.lit((250, 252, 255)), edge=0.5, shadow=0)
    gable = f("M -0.5 0 L 0.04 0 L 0.04 0.44 L -0.23 0.90 L -0.5 0.44 Z")
    body(sc, gable, colour, across=False)
    pen.shape(f("M -0.58 0.38 L -0.23 0.97 L 0.12 0.38 L 0.05 0.36 L -0.23 0.84 L -0.51 0.36 Z"), mul(roof, 0.85) if not snow else sc.lit((250, 252, 255)), edge=0.6)
    glass_c = (255, 216, 110) if lamp(sc) else sc.lit((176, 214, 236))
    for text in ("M -0.42 0.18 L -0.3 0.18 L -0.3 0.36 L -0.42 0.36 Z", "M 0.16 0.16 L 0.28 0.16 L 0.28 0.34 L 0.16 0.34 Z", "M 0.37 0.16 L 0.49 0.16 L 0.49 0.34 L 0.37 0.34 Z"):
        pen.detail(f(text), glass_c, lightened=lamp(sc))
    pen.detail(f("E -0.23 0.58 0.06 0.06"), glass_c, lightened=lamp(sc))
    pen.detail(f("M -0.2 0 L -0.06 0 L -0.06 0.27 Q -0.13 0.33 -0.2 0.27 Z"), sc.lit((104, 64, 44) if colour not in ("brown", "red") else (60, 56, 70)))
    if lamp(sc):
        gx, gy = f.at(-0.1, 0.25)
        pen.glow(gx, gy, h * 0.5, (255, 200, 100), 0.35)
    if sc.style not in ("glass",):
        sx, sy = f.at(0.33, 1.0)
        for k in range(3):
            pen.soft(oval(sx + k * 2.2, sy - 3 - 4.5 * k, 1.8 + 0.9 * k), mix(sc.pal["cloud"], (255, 255, 255), 0.4), 0.55 - 0.12 * k, 0.8)


def cottage(sc, x, y, h, depth):
    """A small neutral house of a village."""
    f = Frame(x, y, h, sc.chance(0.5))
    wall = [(246, 236, 214), (250, 244, 232), (238, 214, 180), (226, 226, 226)][int(sc.r.integers(4))]
    roof = [(190, 84, 60), (170, 70, 58), (150, 92, 66), (110, 96, 104)][int(sc.r.integers(4))]
    w, r = sc.lit(wall, depth), sc.lit(roof, depth)
    sc.pen.shape(f("M -0.6 0 L 0.6 0 L 0.6 0.55 L -0.6 0.55 Z"), w, mul(w, 0.75), across=True, edge=0.7)
    sc.pen.shape(f("M -0.7 0.5 L -0.42 1.0 L 0.42 1.0 L 0.7 0.5 Z"), mul(r, 1.1), mul(r, 0.8), edge=0.7, shadow=0.5)
    lights = lamp(sc)
    for u in (-0.38, 0.22):
        box = f(f"M {u} 0.16 L {u + 0.2} 0.16 L {u + 0.2} 0.40 L {u} 0.40 Z")
        c = (255, 214, 110) if lights else mul(w, 0.5)
        if sc.style == "neon" and not lights:
            continue
        sc.c.drawPath(box, fill(sc.pen.tone(c) if not lights else c))
        if sc.pen.over:
            sc.pen.over.drawPath(box, fill(c))
    if lights and sc.style in ("vector", "oil", "watercolor", "pixel"):
        sc.pen.glow(x, y - h * 0.3, h * 0.8, (255, 200, 100), 0.28)


def church(sc, x, y, h, depth):
    f = Frame(x, y, h, sc.chance(0.5))
    w, r = sc.lit((248, 240, 224), depth), sc.lit((150, 74, 62), depth)
    sc.pen.shape(f("M 0 0 L 0.5 0 L 0.5 0.32 L 0 0.32 Z"), w, mul(w, 0.75), edge=0.7)
    sc.pen.shape(f("M -0.02 0.3 L 0.08 0.52 L 0.44 0.52 L 0.56 0.3 Z"), mul(r, 1.1), mul(r, 0.8), edge=0.7)
    sc.pen.shape(f("M -0.16 0 L 0.08 0 L 0.08 0.6 L -0.16 0.6 Z"), mul(w, 1.02), mul(w, 0.8), across=True, edge=0.8)
    sc.pen.shape(f("M -0.20 0.58 L -0.04 1.0 L 0.12 0.58 Z"), mul(r, 1.1), mul(r, 0.75), edge=0.8)
    c = (255, 214, 110) if lamp(sc) else mul(w, 0.5)
    if sc.style != "neon" or lamp(sc):
        sc.c.drawPath(f("M -0.08 0.38 L 0 0.38 L 0 0.5 L -0.08 0.5 Z"), fill(c if lamp(sc) else sc.pen.tone(c)))


def tower(sc, x, y, h, colour):
    """A round castle tower: battlements, a pointed roof and a flag in its colour, walls that take a little of it."""
    f = Frame(x, y, h)
    pen = sc.pen
    stone = mix((176, 168, 160), COLOURS[colour], 0.25)
    l, d = sc.lit(mix(stone, (255, 255, 255), 0.12)), sc.lit(mul(stone, 0.55))
    pair = (l, d) if pen.lit_left else (d, l)
    pen.shape(f("M -0.19 0 L -0.155 0.1 L -0.15 0.52 L 0.15 0.52 L 0.155 0.1 L 0.19 0 Z"), *pair, across=True, rim=0.5)
    crown = "M -0.21 0.50 L -0.21 0.66 L -0.14 0.66 L -0.14 0.61 L -0.07 0.61 L -0.07 0.66 L 0.0 0.66 L 0.07 0.66 L 0.07 0.61 L 0.14 0.61 L 0.14 0.66 L 0.21 0.66 L 0.21 0.50 Z"
    pen.shape(f("M -0.12 0.6 L 0.12 0.6 L 0.12 0.68 L -0.12 0.68 Z"), *pair, across=True, edge=0.7, shadow=0)
    pen.shape(f(crown), *pair, across=True, edge=0.9)
    body(sc, f("M -0.20 0.66 L 0 1.0 L 0.20 0.66 Q 0 0.61 -0.20 0.66 Z"), colour)
    flag = f("M 0 1.10 L 0.16 1.06 L 0.01 1.02 Z")
    pen.stroke(f("M 0 0.98 L 0 1.11"), sc.lit((60, 50, 50)), 0.8)
    body(sc, flag, colour, edge=0.7, rim=0)
    body(sc, f("M -0.055 0.20 L -0.055 0.46 L 0.055 0.46 L 0.055 0.20 L 0 0.25 Z"), colour, edge=0.7, rim=0, shadow=0.5)
    c = (255, 214, 110) if lamp(sc) else sc.lit((48, 48, 62))
    pen.detail(f("M -0.05 0 L -0.05 0.09 Q 0 0.14 0.05 0.09 L 0.05 0 Z"), sc.lit((70, 50, 40)))
    for u in (-0.1, 0.1):
        pen.detail(f(f"M {u - 0.02} 0.52 L {u - 0.02} 0.57 L {u + 0.02} 0.57 L {u + 0.02} 0.52 Z"), c, lightened=lamp(sc))


def bridge(sc, y, h, colour):
    """A suspension bridge across the picture."""
    pen = sc.pen
    light, dark = shades(sc, colour)
    deck = y - h * 0.30
    xa, xb = 34 + sc.u(-5, 3), 94 + sc.u(-3, 5)
    g = edge_glow(sc, colour)
    top = y - h
    def cable(x0, y0, x1, y1, sag):
        p = skia.Path()
        p.moveTo(x0, y0)
        p.quadTo((x0 + x1) / 2, sag, x1, y1)
        return p
    main = [cable(xa, top + 2, xb, top + 2, deck + h * 0.42 - 2), cable(-20, deck - 1, xa, top + 2, deck - h * 0.06), cable(xb, top + 2, 148, deck - 1, deck - h * 0.06)]
    cable_c = light if colour != "black" else mix(light, dark, 0.6)
    for x in np.arange(-4, 134, 6.5):
        if xa < x < xb:
            t = (x - xa) / (xb - xa)
            yy = (1 - t) ** 2 * (top + 2) + 2 * t * (1 - t) * (deck + h * 0.42 - 2) + t * t * (top + 2)
        elif x <= xa:
            t = (x + 20) / (xa + 20)
            yy = (1 - t) ** 2 * (deck - 1) + 2 * t * (1 - t) * (deck - h * 0.06) + t * t * (top + 2)
        else:
            t = (x - xb) / (148 - xb)
            yy = (1 - t) ** 2 * (top + 2) + 2 * t * (1 - t) * (deck - h * 0.06) + t * t * (deck - 1)
        if yy < deck - 1:
            col = sc.pen.tone(cable_c) if sc.style != "neon" else mul(g, 0.8)
            if sc.style == "ink":
                col = mix(col, (38, 32, 36), 0.5)
            k = pen.over if pen.over else sc.c
            k.drawLine(x, yy, x, deck, line(col, 0.7, 0.85))
    for p in main:
        pen.stroke(p, cable_c if sc.style != "neon" else g, 1.3)
    for x in (xa, xb):
        pier = rect(x - 4.4, deck, x + 4.4, y + 1)
        pen.shape(pier, sc.lit((150, 144, 140)), sc.lit((90, 86, 90)), edge=0.8)
        frame = skia.Op(poly([(x - 3.8, deck + 3), (x - 3.0, top), (x + 3.0, top), (x + 3.8, deck + 3)]), poly([(x - 1.5, top + 4), (x + 1.5, top + 4), (x + 1.7, top + h * 0.26), (x - 1.7, top + h * 0.26)]), skia.kDifference_PathOp)
        frame = skia.Op(frame, rect(x - 1.8, top + h * 0.33, x + 1.8, deck - 2), skia.kDifference_PathOp)
        body(sc, frame, colour)
    body(sc, rect(-6, deck, 134, deck + 3.6), colour, across=False, rim=0)
    if lamp(sc):
        for x in np.arange(2, 128, 13):
            pen.glow(float(x), deck - 1.5, 4.5, (255, 226, 140), 0.9)
    if sc.style in ("vector", "oil", "pixel", "watercolor", "neon"):
        sc.c.drawPath(rect(-6, y + 3, 134, y + 6), fill(sc.pen.tone(dark), 0.3, 1.2))
        for x in (xa, xb):
            sc.c.drawPath(rect(x - 3.4, y + 1, x + 3.4, y + h * 0.5), fill(sc.pen.tone(dark), 0.3, 1.5))


# -- things that move --------------------------------------------------------------------------------


def sailboat(sc, x, y, h, colour):
    flip = sc.chance(0.5)
    f = Frame(x, y, h, flip)
    pen = sc.pen
    if sc.style in ("vector", "oil", "pixel", "watercolor", "neon"):  # its reflection
        light, dark = shades(sc, colour)
        m = Frame(x, y + 0.5, h * 0.62, flip)
        m.m.preScale(1, -1)
        g = linear((0, y), (0, y + h * 0.6), [rgba(sc.pen.tone(mix(light, dark, 0.5)), 0.5 if sc.style != "neon" else 0.8), rgba(sc.pen.tone(dark), 0.0)])
        sc.c.drawPath(m("M -0.03 0.12 L -0.03 1 Q -0.40 0.5 -0.42 0.16 Z"), g)
        sc.c.drawPath(m("M 0.03 0.12 L 0.02 0.95 Q 0.30 0.5 0.36 0.14 Z"), g)
    body(sc, f("M 0.02 0.16 L 0.02 1.0 Q 0.16 0.5 0.46 0.17 Q 0.2 0.12 0.02 0.16 Z"), colour, across=False)
    body(sc, f("M -0.03 0.16 L -0.03 0.94 Q -0.30 0.56 -0.40 0.18 Q -0.2 0.12 -0.03 0.16 Z"), colour, across=False)
    pen.stroke(f("M 0 0.1 L 0 1.03"), sc.lit((90, 60, 44)), 0.9)
    hull = (120, 70, 44) if colour not in ("brown", "orange") else (240, 238, 232)
    c = sc.lit(hull)
    pen.shape(f("M -0.44 0.13 L 0.5 0.13 Q 0.42 0.0 0.3 -0.01 L -0.3 -0.01 Q -0.4 0.02 -0.44 0.13 Z"), mix(c, (255, 255, 255), 0.1), mul(c, 0.55), rim=0.4)
    pen.detail(f("M -0.43 0.105 L 0.49 0.105 L 0.475 0.075 L -0.42 0.075 Z"), sc.lit((250, 246, 236)), 0.9)
    if sc.style not in ("glass", "ink"):
        pen.soft(oval(x, y + 0.8, h * 0.42, 0.9), (255, 255, 255), 0.5, 0.6)


def balloon(sc, x, y, r, colour):
    """x, y: the middle of the envelope; r its radius."""
    pen = sc.pen
    f = Frame(x, y, r)
    env = f("M 0 1.05 C 0.72 1.05 1.06 0.58 1.02 0.06 C 0.98 -0.46 0.44 -0.78 0.26 -1.12 L -0.26 -1.12 C -0.44 -0.78 -0.98 -0.46 -1.02 0.06 C -1.06 0.58 -0.72 1.05 0 1.05 Z")
    rope = sc.lit((84, 62, 50))
    for s in (-1, 1):
        pen.stroke(f(f"M {s * 0.24} -1.1 L {s * 0.16} -1.52"), rope, 0.5)
    basket = sc.lit((150, 98, 56))
    pen.shape(f("M -0.2 -1.5 L 0.2 -1.5 L 0.16 -1.84 L -0.16 -1.84 Z"), mul(basket, 1.1), mul(basket, 0.65), edge=0.8)
    body(sc, env, colour)
    light, dark = shades(sc, colour)
    other = mix(light, (255, 255, 255), 0.42) if colour not in ("white", "yellow") else mul(dark, 0.92)
    if colour == "black":
        other = sc.lit((92, 90, 108))
    with pen.inside(env):
        for a, b in ((-0.74, -0.42), (-0.15, 0.15), (0.42, 0.74)):
            gore = f(f"M 0 1.06 C {a * 1.2} 1.0 {a * 1.25} -0.2 {a * 0.4} -1.14 L {b * 0.4} -1.14 C {b * 1.25} -0.2 {b * 1.2} 1.0 0 1.06 Z")
            if sc.style in ("glass", "paper", "ink", "neon"):
                pen.shape(gore, other, edge=0.55, shadow=0.3, glow=mul(edge_glow(sc, colour), 0.8))
            else:
                sc.c.drawPath(gore, fill(pen.tone(other), 0.85))
        if sc.style in ("vector", "oil", "watercolor", "pixel"):
            d = -1 if pen.lit_left else 1
            sc.c.drawRect(skia.Rect(x - 2 * r, y - 2 * r, x + 2 * r, y + 2 * r),
                          radial((x + d * r * 0.4, y - r * 0.4), r * 2.0, [rgba((255, 255, 255), 0.34 if not sc.dark else 0.12), rgba((255, 255, 255), 0), rgba((20, 10, 40), 0.5)], [0, 0.34, 1]))
            if sc.dark:
                sc.c.drawCircle(x, y + r, r * 1.3, radial((x, y + r), r * 1.3, [rgba((255, 206, 110), 0.85), rgba((255, 170, 70), 0.0)]))


BIRD_BODY = "M 0.50 0.07 Q 0.42 0.17 0.32 0.13 Q 0.12 0.16 -0.12 0.06 L -0.46 0.10 L -0.40 0.02 L -0.48 -0.06 L -0.14 -0.06 Q 0.10 -0.14 0.30 -0.04 Q 0.42 0.0 0.42 0.05 Z"


def bird(sc, x, y, w, colour):
    """A bird in flight with raised wings, w from beak to tail."""
    flip = sc.chance(0.5)
    f = Frame(x, y, w, flip, turn=sc.u(-10, 6))
    pen = sc.pen
    far, near = sc.u(0.9, 1.1), sc.u(0.9, 1.1)
    light, dark = shades(sc, colour)
    pen.shape(f(f"M 0.16 0.06 Q 0.20 {0.42 * far} 0.36 {0.62 * far} Q 0.10 {0.52 * far} 0.0 {0.36 * far} Q -0.06 0.2 -0.04 0.06 Z"), mul(dark, 0.9), dark, glow=mul(edge_glow(sc, colour), 0.8))
    body(sc, f(BIRD_BODY), colour, across=False)
    pen.shape(f("M 0.48 0.075 L 0.58 0.045 L 0.47 0.03 Z"), sc.lit((250, 170, 40)), edge=0.5, shadow=0)
    wing = f(f"M 0.18 0.04 Q 0.10 {0.34 * near} -0.10 {0.56 * near} Q -0.30 {0.66 * near} -0.44 {0.60 * near} Q -0.38 {0.50 * near} -0.34 {0.48 * near} Q -0.30 0.40 -0.28 0.34 Q -0.24 0.26 -0.20 0.20 Q -0.16 0.08 -0.10 0.02 Q 0.06 -0.05 0.18 0.04 Z")
    pen.shape(wing, light, mix(light, dark, 0.65), glow=edge_glow(sc, colour), rim=0.5)
    pen.detail(f("M 0.28 -0.03 Q 0.1 -0.12 -0.1 -0.05 Q 0.1 -0.06 0.28 -0.03 Z"), mix(light, (255, 255, 255), 0.6), 0.5)
    ex, ey = f.at(0.40, 0.095)
    pen.detail(oval(ex, ey, w * 0.018 + 0.15), (16, 14, 20) if colour != "black" else (250, 250, 240), lightened=True)


HORSE = ("M -0.46 0.60 C -0.50 0.74 -0.36 0.76 -0.22 0.73 C -0.06 0.69 0.08 0.70 0.20 0.76 C 0.26 0.84 0.30 0.94 0.38 1.02 L 0.40 1.09 L 0.45 1.03 "
         "C 0.52 1.00 0.58 0.92 0.67 0.84 C 0.70 0.80 0.68 0.75 0.62 0.75 C 0.56 0.77 0.52 0.80 0.47 0.80 C 0.42 0.74 0.40 0.62 0.34 0.52 "
         "C 0.33 0.44 0.34 0.30 0.31 0.22 L 0.32 0.06 L 0.35 0.0 L 0.25 0.0 L 0.25 0.20 L 0.22 0.36 L 0.19 0.44 C 0.04 0.40 -0.12 0.40 -0.22 0.43 "
         "C -0.24 0.36 -0.28 0.32 -0.29 0.24 L -0.27 0.06 L -0.24 0.0 L -0.34 0.0 L -0.36 0.22 C -0.34 0.32 -0.40 0.38 -0.43 0.44 C -0.46 0.50 -0.46 0.56 -0.46 0.60 Z")


def horse(sc, x, y, h, colour):
    flip = sc.chance(0.5)
    f = Frame(x, y, h * 0.92, flip)
    pen = sc.pen
    light, dark = shades(sc, colour)
    far = mul(dark, 0.8)
    g = edge_glow(sc, colour)
    hair = {"black": sc.lit((20, 18, 26)), "white": sc.lit((196, 196, 208)), "brown": sc.lit((60, 36, 26)), "grey": sc.lit((80, 82, 92))}.get(colour, mul(dark, 0.6))
    pen.shape(f("M 0.22 0.50 L 0.16 0.34 L 0.13 0.18 L 0.10 0.02 L 0.19 0.02 L 0.20 0.20 L 0.28 0.44 Z"), far, glow=mul(g, 0.7), edge=0.8)
    pen.shape(f("M -0.26 0.50 L -0.22 0.34 L -0.26 0.20 L -0.18 0.02 L -0.09 0.02 L -0.18 0.22 L -0.12 0.38 L -0.10 0.48 Z"), far, glow=mul(g, 0.7), edge=0.8)
    pen.shape(f("M -0.42 0.68 C -0.56 0.70 -0.60 0.54 -0.58 0.40 C -0.57 0.32 -0.60 0.26 -0.56 0.20 C -0.50 0.28 -0.50 0.36 -0.50 0.44 C -0.50 0.52 -0.46 0.58 -0.42 0.62 Z"), hair, edge=0.8,
              glow=mul(g, 0.8))
    body(sc, f(HORSE), colour, across=False)
    pen.shape(f("M 0.38 1.06 C 0.28 1.02 0.22 0.92 0.16 0.84 C 0.12 0.78 0.08 0.74 0.10 0.70 C 0.18 0.72 0.22 0.78 0.28 0.84 C 0.32 0.90 0.36 0.98 0.42 1.00 Z"), hair, edge=0.7, shadow=0.4,
              glow=mul(g, 0.8))
    ex, ey = f.at(0.49, 0.935)
    pen.detail(oval(ex, ey, h * 0.014 + 0.25), (14, 12, 16) if colour not in ("black", "brown") else (240, 236, 220), lightened=colour in ("black", "brown"))
    if colour != "black":
        for u in (0.30, -0.29):
            pen.detail(f(f"M {u - 0.05} 0.0 L {u + 0.05} 0.0 L {u + 0.02} 0.05 L {u - 0.05} 0.05 Z"), sc.lit((40, 34, 36)), 0.9)


def cat(sc, x, y, h, colour):
    """A sitting cat seen from the front, its tail to one side."""
    f = Frame(x, y, h, sc.chance(0.5))
    pen = sc.pen
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    tail = f("M 0.16 0.03 C 0.34 -0.02 0.52 0.10 0.44 0.32 C 0.42 0.40 0.32 0.40 0.34 0.32 C 0.40 0.18 0.30 0.12 0.16 0.14 Z")
    pen.shape(tail, mul(light, 0.85), dark, glow=g)
    body(sc, f("M -0.10 0.62 C -0.26 0.46 -0.33 0.0 -0.20 0.0 L 0.20 0.0 C 0.33 0.0 0.26 0.46 0.10 0.62 Z"), colour, shadow=0.8)
    chest = mix(light, (255, 255, 255), 0.5) if colour != "black" else mix(light, (255, 255, 255), 0.12)
    pen.soft(f("E 0 0.36 0.09 0.18"), chest, 0.7, 1.0)
    for s in (-1, 1):
        pen.shape(f(f"E {s * 0.09} 0.03 0.075 0.05"), light, glow=g, edge=0.7, shadow=0.3)
    for s in (-1, 1):
        body(sc, f(f"M {s * 0.21} 0.78 L {s * 0.20} 1.02 L {s * 0.03} 0.90 Z"), colour, across=False, edge=0.8, shadow=0.4)
        pen.detail(f(f"M {s * 0.175} 0.82 L {s * 0.17} 0.95 L {s * 0.07} 0.88 Z"), sc.lit((236, 150, 160)), 0.9)
    head = f("M 0 0.93 C 0.16 0.94 0.25 0.84 0.235 0.73 C 0.22 0.61 0.10 0.57 0 0.57 C -0.10 0.57 -0.22 0.61 -0.235 0.73 C -0.25 0.84 -0.16 0.94 0 0.93 Z")
    body(sc, head, colour, shadow=0.6)
    if colour in ("orange", "grey"):
        for k in (-0.06, 0, 0.06):
            pen.stroke(f(f"M {k} 0.92 L {k * 0.8} 0.85"), dark, 1.0, 0.9)
        for v in (0.40, 0.28):
            for s in (-1, 1):
                pen.stroke(f(f"M {s * 0.25} {v} L {s * 0.15} {v - 0.03}"), dark, 1.0, 0.7)
    pen.soft(f("E 0 0.655 0.09 0.06"), mix(light, (255, 255, 255), 0.55 if colour != "black" else 0.15), 0.7, 0.5)
    eye = {"black": (255, 220, 60), "white": (70, 160, 236), "grey": (250, 206, 70)}.get(colour, (110, 196, 84))
    for s in (-1, 1):
        pen.detail(f(f"E {s * 0.105} 0.755 0.055 0.05"), eye, lightened=True)
        pen.detail(f(f"E {s * 0.105} 0.755 0.02 0.046"), (16, 14, 20), lightened=sc.style == "neon" and False)
    pen.detail(f("M -0.03 0.69 L 0.03 0.69 L 0 0.655 Z"), sc.lit((236, 120, 130)))
    if sc.style not in ("glass", "pixel"):
        for s in (-1, 1):
            for v in (0.66, 0.63):
                pen.stroke(f(f"M {s * 0.10} {v} L {s * 0.30} {v + (v - 0.645) * 2}"), mix(light, (255, 255, 255), 0.6) if colour != "white" else dark, 0.4, 0.8)


def fish(sc, x, y, w, colour, d):
    pen = sc.pen
    f = Frame(x, y, w, d < 0)
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    fin = mix(dark, light, 0.3)
    pen.shape(f("M -0.34 0.02 C -0.44 0.16 -0.60 0.30 -0.70 0.27 C -0.62 0.12 -0.60 0.04 -0.60 0 C -0.60 -0.04 -0.62 -0.14 -0.70 -0.27 C -0.60 -0.30 -0.44 -0.16 -0.34 -0.02 Z"), fin, mul(fin, 0.8), glow=g)
    pen.shape(f("M -0.22 0.22 C -0.10 0.46 0.12 0.44 0.22 0.20 Z"), fin, mul(fin, 0.8), glow=g)
    pen.shape(f("M -0.14 -0.22 C -0.14 -0.38 0.02 -0.40 0.12 -0.22 Z"), fin, mul(fin, 0.8), glow=g)
    bodyp = f("M -0.42 0 C -0.26 0.30 0.20 0.40 0.48 0.02 Q 0.50 0 0.48 -0.04 C 0.20 -0.38 -0.26 -0.30 -0.42 0 Z")
    body(sc, bodyp, colour, across=False)
    if sc.spec.get("stripes"):
        band = sc.lit((255, 255, 250)) if colour not in ("white", "yellow") else sc.lit((40, 50, 90))
        with pen.inside(bodyp):
            for u in (-0.16, 0.12):
                pen.detail(f(f"E {u} 0 0.045 0.5"), band, 0.92)
    pen.soft(f("E 0.02 0.14 0.26 0.05"), (255, 255, 255), 0.35, 0.8)
    pen.shape(f("M 0.08 -0.02 C 0.0 -0.02 -0.12 -0.04 -0.14 -0.12 C -0.06 -0.18 0.06 -0.14 0.08 -0.02 Z"), mul(fin, 0.9), edge=0.6, shadow=0.3, glow=g)
    ex, ey = f.at(0.32, 0.06)
    pen.detail(oval(ex, ey, w * 0.062), (255, 255, 252), lightened=True)
    ex, ey = f.at(0.335, 0.06)
    pen.detail(oval(ex, ey, w * 0.036), (14, 14, 22))


def fishes(sc):
    n, colour = sc.spec.get("count", 1), sc.spec["colour"]
    size = {1: (60, 74), 2: (44, 52), 3: (34, 40)}[n]
    if n == 1:
        spots = [(sc.place(74)[0], sc.u(46, 72))]
    elif n == 2:
        spots = [(sc.u(34, 50), sc.u(32, 44)), (sc.u(78, 94), sc.u(68, 82))]
        if sc.chance(0.5):
            spots = [(128 - a, b) for a, b in spots]
    else:
        spots = [(sc.u(26, 46), sc.u(24, 34)), (sc.u(84, 100), sc.u(48, 58)), (sc.u(34, 60), sc.u(78, 88))]
        if sc.chance(0.5):
            spots = [(128 - a, b) for a, b in spots]
    d = 1 if sc.chance(0.5) else -1
    for fx, fy in spots:
        fish(sc, fx, fy, sc.u(*size), colour, d if sc.chance(0.8) else -d)


def coral(sc, x, y, h):
    c = sc.lit([(250, 110, 130), (255, 150, 90), (200, 110, 220)][int(sc.r.integers(3))], 0.2)
    for k in range(5):
        a = (k - 2) * 0.45
        tip = (x + h * math.sin(a), y - h * math.cos(a))
        p = skia.Path()
        p.moveTo(x, y)
        p.quadTo(x + h * 0.2 * math.sin(a), y - h * 0.6, *tip)
        sc.pen.stroke(p, c, 2.2)
        if sc.style not in ("glass",):
            sc.c.drawCircle(*tip, 1.5, fill(sc.pen.tone(c) if sc.style != "neon" else bright(c)))


def astronaut(sc, x, y, h, colour):
    """A standing astronaut, suit in its colour, a big visor with the sky in it."""
    f = Frame(x, y, h, sc.chance(0.5))
    pen = sc.pen
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    grey_l, grey_d = sc.lit((226, 228, 236)), sc.lit((150, 154, 170))
    if colour in ("white", "grey"):
        grey_l, grey_d = sc.lit((130, 134, 150)), sc.lit((84, 88, 104))
    pen.shape(f("M -0.25 0.30 L 0.25 0.30 L 0.25 0.68 Q 0 0.74 -0.25 0.68 Z"), grey_l, grey_d, glow=(200, 210, 230))
    for s, up in ((-1, sc.chance(0.35)), (1, False)):
        if up:
            arm = f(f"M {s * 0.16} 0.62 C {s * 0.28} 0.62 {s * 0.34} 0.70 {s * 0.38} 0.86 L {s * 0.27} 0.90 C {s * 0.24} 0.80 {s * 0.22} 0.74 {s * 0.14} 0.50 Z")
            glove = f(f"E {s * 0.335} 0.91 0.065 0.065")
        else:
            arm = f(f"M {s * 0.14} 0.64 C {s * 0.30} 0.64 {s * 0.36} 0.52 {s * 0.37} 0.34 L {s * 0.26} 0.32 C {s * 0.25} 0.42 {s * 0.22} 0.46 {s * 0.14} 0.48 Z")
            glove = f(f"E {s * 0.315} 0.29 0.065 0.06")
        body(sc, arm, colour, rim=0.4)
        pen.shape(glove, grey_l, grey_d, edge=0.8, shadow=0.4, glow=(200, 210, 230))
    for s in (-1, 1):
        body(sc, f(f"M {s * 0.02} 0.34 L {s * 0.20} 0.34 L {s * 0.21} 0.06 L {s * 0.03} 0.06 Z"), colour, rim=0.3)
        pen.shape(f(f"M {s * 0.01} 0.0 L {s * 0.25} 0.0 Q {s * 0.25} 0.09 {s * 0.2} 0.10 L {s * 0.02} 0.10 Z"), grey_l, grey_d, edge=0.8, shadow=0.4, glow=(200, 210, 230))
    body(sc, f("M -0.20 0.30 Q -0.22 0.52 -0.17 0.66 L 0.17 0.66 Q 0.22 0.52 0.20 0.30 Q 0 0.25 -0.20 0.30 Z"), colour)
    pen.shape(f("M -0.10 0.40 L 0.10 0.40 L 0.10 0.53 L -0.10 0.53 Z"), grey_l, edge=0.7, shadow=0.4, glow=(200, 210, 230))
    for u, c in ((-0.055, (240, 60, 60)), (0.0, (80, 210, 100)), (0.055, (70, 140, 250))):
        pen.detail(f(f"E {u} 0.465 0.02 0.022"), c, lightened=True)
    body(sc, f("E 0 0.80 0.215 0.20"), colour, shadow=0.7)
    visor = f("E 0.015 0.795 0.155 0.135")
    pen.shape(visor, (60, 120, 190), (14, 20, 50), edge=0.9, shadow=0, glow=(120, 220, 255))
    pen.detail(f("E -0.05 0.845 0.05 0.028"), (255, 255, 255), 0.85, lightened=True)
    pen.detail(f("E 0.07 0.74 0.03 0.016"), (255, 210, 140), 0.7, lightened=True)


def planet(sc, x, y, r):
    pen = sc.pen
    pen.glow(x, y, r * 1.7, (110, 170, 255), 0.5)
    globe = oval(x, y, r)
    pen.shape(globe, (80, 160, 250), (20, 60, 170), edge=0.8)
    with pen.inside(globe):
        for _ in range(4):
            a, b = x + sc.u(-r, r) * 0.8, y + sc.u(-r, r) * 0.8
            pts = [(a + sc.u(0.2, 0.5) * r * math.cos(k), b + sc.u(0.2, 0.45) * r * math.sin(k)) for k in np.linspace(0, 5.4, 6)]
            pen.shape(smooth(pts, True), (96, 190, 104), (60, 140, 80), edge=0.4, shadow=0)
        for _ in range(3):
            pen.soft(oval(x + sc.u(-r, r), y + sc.u(-r, r), r * 0.5, r * 0.09), (255, 255, 255), 0.75, 0.4)
        if sc.style in ("vector", "oil", "watercolor", "pixel"):
            sc.c.drawCircle(x, y, r * 1.02, radial((x - r * 0.5 if x < 64 else x + r * 0.5, y - r * 0.5), r * 1.9, [rgba((255, 255, 255), 0.2), rgba((0, 0, 20), 0), rgba((0, 0, 20), 0.75)], [0, 0.4, 1]))


# -- flowers -----------------------------------------------------------------------------------------
#
# Each head is drawn round (x, y) with radius r. `turn` tilts it. Heads are big: they must be told apart at a glance.


def _petal_ring(sc, x, y, r, colour, n, length, width, inner=0.1, turn=0.0, pointed=False, squash=1.0, tint=None, edge=0.8):
    pen = sc.pen
    light, dark = shades(sc, colour)
    if tint:
        light, dark = tint
    g = edge_glow(sc, colour)
    for k in range(n):
        a = turn + 360.0 * k / n
        f = Frame(x, y, r, turn=a)
        if squash != 1.0:
            f.m = skia.Matrix()
            f.m.setTranslate(x, y)
            f.m.preScale(1, squash)
            f.m.preRotate(a)
            f.m.preScale(r, -r)
        if pointed:
            p = f(f"M 0 {inner} C {-width} {inner + 0.25 * length} {-width * 0.9} {length * 0.72} 0 {length} C {width * 0.9} {length * 0.72} {width} {inner + 0.25 * length} 0 {inner} Z")
        else:
            p = f(f"M 0 {inner} C {-width * 0.8} {inner + 0.1} {-width * 1.25} {length} 0 {length} C {width * 1.25} {length} {width * 0.8} {inner + 0.1} 0 {inner} Z")
        if sc.style in ("glass", "paper", "ink", "neon"):
            pen.shape(p, mix(light, dark, 0.25 + 0.2 * (k % 2)), dark, edge=edge * 0.7, shadow=0.35, glow=g)
        else:
            tip = f.at(0, length)
            sc.c.drawPath(p, linear((x, y), tip, [pen.tone(dark), pen.tone(mix(light, dark, 0.12)), pen.tone(mix(light, (255, 255, 255), 0.1))]))
            sc.c.drawPath(p, line(pen.tone(mul(dark, 0.72)), 0.45 if sc.style != "pixel" else 0.9, 0.7))


def _heart(sc, x, y, r, c):
    l, d = sc.lit(mix(c, (255, 255, 255), 0.2)), sc.lit(mul(c, 0.6))
    sc.pen.shape(oval(x, y, r), l, d, edge=0.7, shadow=0.4, glow=bright(c, 1.0))


def daisy(sc, x, y, r, colour, turn):
    _petal_ring(sc, x, y, r, colour, 14, 1.0, 0.17, turn=turn)
    _heart(sc, x, y, r * 0.27, (255, 200, 40) if colour not in ("yellow", "orange") else (250, 248, 240))


def sunflower(sc, x, y, r, colour, turn):
    _petal_ring(sc, x, y, r * 1.02, colour, 16, 1.0, 0.20, pointed=True, turn=turn, tint=tuple(reversed(shades(sc, colour)))[::-1])
    _petal_ring(sc, x, y, r * 0.84, colour, 16, 1.0, 0.20, pointed=True, turn=turn + 11)
    _heart(sc, x, y, r * 0.50, (104, 62, 30))
    if sc.style not in ("glass", "neon"):
        for k in range(26):
            a, q = k * 2.39996, r * 0.44 * math.sqrt((k + 0.5) / 26)
            sc.c.drawCircle(x + q * math.cos(a), y + q * math.sin(a), r * 0.035, fill(sc.pen.tone(sc.lit((170, 110, 50) if k < 9 else (60, 34, 20)))))


def rose(sc, x, y, r, colour, turn):
    """A spiral of overlapping petals."""
    pen = sc.pen
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    for ring, (n, q, size) in enumerate(((5, 0.52, 0.52), (4, 0.34, 0.44), (3, 0.17, 0.34))):
        for k in range(n):
            a = math.radians(turn + 360 * k / n + ring * 37)
            px, py = x + q * r * math.cos(a), y + q * r * math.sin(a)
            t = (k % 2) * 0.18 + ring * 0.14
            p = oval(px, py, size * r)
            pen.shape(p, mix(light, dark, t), mix(light, dark, min(1, t + 0.5)), edge=0.75, shadow=0.35, glow=g)
            if sc.style in ("vector", "oil", "watercolor", "pixel"):
                sc.c.drawPath(p, line(pen.tone(mul(dark, 0.8)), 0.7 if sc.style != "pixel" else 1.2, 0.75))
    pen.shape(oval(x, y, r * 0.24), mix(light, dark, 0.7), dark, edge=0.7, shadow=0.3, glow=g)
    s = skia.Path()
    s.moveTo(x - r * 0.16, y)
    s.cubicTo(x - r * 0.14, y - r * 0.2, x + r * 0.2, y - r * 0.16, x + r * 0.12, y + r * 0.06)
    s.quadTo(x, y + r * 0.16, x - r * 0.02, y)
    pen.stroke(s, mul(dark, 0.75) if colour != "black" else mix(light, (255, 255, 255), 0.2), max(0.7, r * 0.06))


def tulip(sc, x, y, r, colour, turn):
    f = Frame(x, y + r * 0.75, r, turn=turn * 0.1)
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    for s in (-1, 1):
        sc.pen.shape(f(f"M 0 0 C {s * 0.75} 0.02 {s * 0.95} 0.9 {s * 0.66} 1.62 C {s * 0.4} 1.4 {s * 0.1} 1.0 0 0.4 Z"), mix(light, dark, 0.35), dark, glow=g, shadow=0.5)
    body(sc, f("M 0 0 C -0.62 0.06 -0.72 0.9 0 1.72 C 0.72 0.9 0.62 0.06 0 0 Z"), colour, across=False, shadow=0.5)


def lily(sc, x, y, r, colour, turn):
    _petal_ring(sc, x, y, r * 1.12, colour, 3, 1.0, 0.40, pointed=True, turn=turn)
    _petal_ring(sc, x, y, r * 1.08, colour, 3, 1.0, 0.34, pointed=True, turn=turn + 60)
    for k in range(6):
        a = math.radians(turn + 60 * k + 30)
        p = poly([(x, y), (x + r * 0.42 * math.cos(a), y + r * 0.42 * math.sin(a))], False)
        sc.pen.stroke(p, sc.lit((236, 240, 170)), max(0.5, r * 0.035))
        sc.pen.detail(oval(x + r * 0.44 * math.cos(a), y + r * 0.44 * math.sin(a), r * 0.065), sc.lit((150, 70, 26)))


def poppy(sc, x, y, r, colour, turn):
    _petal_ring(sc, x, y, r * 1.05, colour, 2, 1.0, 0.86, turn=turn, inner=-0.1)
    _petal_ring(sc, x, y, r * 1.0, colour, 2, 1.0, 0.86, turn=turn + 90, inner=-0.1)
    _heart(sc, x, y, r * 0.26, (40, 34, 44) if colour != "black" else (230, 220, 160))
    for k in range(10):
        a = k * 0.628
        sc.pen.detail(oval(x + r * 0.37 * math.cos(a), y + r * 0.37 * math.sin(a), r * 0.045), (24, 20, 30) if colour != "black" else (220, 210, 160))


def pansy(sc, x, y, r, colour, turn):
    light, dark = shades(sc, colour)
    for s in (-1, 1):
        body(sc, oval(x + s * r * 0.42, y - r * 0.42, r * 0.56, r * 0.54), colour, shadow=0.4, across=False)
    for s in (-1, 1):
        body(sc, oval(x + s * r * 0.55, y + r * 0.14, r * 0.48, r * 0.44), colour, shadow=0.4, across=False)
    body(sc, oval(x, y + r * 0.50, r * 0.62, r * 0.50), colour, shadow=0.4, across=False)
    face = sc.lit((60, 20, 70)) if colour not in ("black", "purple") else sc.lit((250, 236, 170))
    for s in (-1, 1):
        sc.pen.detail(oval(x + s * r * 0.30, y + r * 0.12, r * 0.22, r * 0.17), face)
    sc.pen.detail(oval(x, y + r * 0.36, r * 0.30, r * 0.20), face)
    sc.pen.detail(oval(x, y + r * 0.10, r * 0.12), (255, 214, 60), lightened=True)


def hydrangea(sc, x, y, r, colour, turn):
    """A ball of many small four-petalled florets."""
    light, dark = shades(sc, colour)
    sc.pen.shape(oval(x, y, r * 0.98), mix(light, dark, 0.6), mul(dark, 0.8), shadow=0.6, glow=edge_glow(sc, colour))
    g = edge_glow(sc, colour)
    spots = [(0, 0)] + [(0.46 * math.cos(k * 1.0472 + 0.3), 0.46 * math.sin(k * 1.0472 + 0.3)) for k in range(6)] + \
            [(0.84 * math.cos(k * 0.6283), 0.84 * math.sin(k * 0.6283)) for k in range(10)]
    for dx, dy in reversed(spots):
        px, py, q = x + dx * r, y + dy * r, r * 0.25
        t = 0.25 + 0.3 * dy + sc.u(-0.15, 0.15)
        c = mix(light, dark, min(1, max(0, t)))
        a0 = sc.u(0, 1.57)
        path = skia.Path()
        for k in range(4):
            a = a0 + k * 1.5708
            path = skia.Op(path, oval(px + q * 0.55 * math.cos(a), py + q * 0.55 * math.sin(a), q * 0.52), skia.kUnion_PathOp)
        sc.pen.shape(path, c, edge=0.4, shadow=0.25, glow=mul(g, 0.9))
        if sc.style in ("vector", "oil", "watercolor", "pixel"):
            sc.c.drawPath(path, line(sc.pen.tone(mul(dark, 0.75)), 0.4, 0.6))
        sc.c.drawCircle(px, py, q * 0.2, fill(sc.pen.tone(mix(c, (255, 255, 220), 0.7))))


def lotus(sc, x, y, r, colour, turn):
    """An open water lily seen from the side."""
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    f = Frame(x, y + r * 0.55, r)
    petal = "M 0 0 C -0.42 0.3 -0.36 0.9 0 1.35 C 0.36 0.9 0.42 0.3 0 0 Z"
    for rank, (angles, k) in enumerate((((-34, 34), 1.0), ((0,), 1.08), ((-66, 66), 0.98), ((-44, 44), 0.80), ((-16, 16), 0.74))):
        for a in angles:
            p = Frame(x, y + r * 0.55, r * k, turn=a)(petal)
            t = (0.45, 0.35, 0.55, 0.2, 0.0)[rank]
            sc.pen.shape(p, mix(mix(light, (255, 255, 255), 0.15), dark, t * 0.6), mix(light, dark, min(1, t + 0.35)), edge=0.8, shadow=0.4, glow=g)
            if sc.style in ("vector", "oil", "watercolor", "pixel"):
                sc.c.drawPath(p, line(sc.pen.tone(mul(dark, 0.8)), 0.5 if sc.style != "pixel" else 1.1, 0.7))
    sc.pen.detail(f("E 0 0.30 0.16 0.10"), (255, 214, 70), lightened=True)


def lavender(sc, x, y, r, colour, turn):
    """A tall spike of little blossoms; its stem goes on below."""
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    lean = math.radians(turn * 0.12)
    n = 8
    for k in range(n):
        t = k / (n - 1)
        yy, xx = y + r * 1.3 - 2.7 * r * t, x + math.sin(lean) * r * 2.6 * t
        q = r * (0.34 - 0.2 * t)
        for s in (-1, 1):
            sc.pen.shape(oval(xx + s * q * 0.75, yy, q * 0.85, q * 0.72), mix(light, dark, 0.15 + 0.3 * (s > 0)), dark, edge=0.5, shadow=0.3, glow=g)
        sc.pen.shape(oval(xx, yy - q * 0.4, q * 0.7, q * 0.7), mix(light, (255, 255, 255), 0.1), mix(light, dark, 0.5), edge=0.45, shadow=0.2, glow=g)


def bluebell(sc, x, y, r, colour, turn):
    """A bent stalk with hanging bells."""
    d = 1 if turn > 0 else -1
    stalk = skia.Path()
    stalk.moveTo(x - d * r * 0.5, y + r * 1.4)
    stalk.cubicTo(x - d * r * 0.6, y - r * 0.4, x - d * r * 0.3, y - r * 1.3, x + d * r * 0.9, y - r * 1.0)
    sc.pen.stroke(stalk, sc.lit((70, 140, 66)), max(0.8, r * 0.09))
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    for u, v, k in ((0.86, -0.92, 0.60), (0.32, -1.08, 0.72), (-0.18, -0.72, 0.80), (-0.46, -0.02, 0.82)):
        bx, by, q = x + d * u * r, y + v * r, r * k
        f = Frame(bx, by, q, d < 0, turn=0)
        p = f("M 0.1 0.05 C -0.34 0.0 -0.36 -0.5 -0.50 -1.0 L -0.22 -0.86 L 0.08 -1.04 L 0.36 -0.86 L 0.66 -1.0 C 0.52 -0.5 0.52 0.0 0.1 0.05 Z")
        body(sc, p, colour, shadow=0.4)
        if sc.style in ("vector", "oil", "watercolor", "pixel"):
            sc.c.drawPath(p, line(sc.pen.tone(mul(dark, 0.75)), 0.45, 0.7))


def blossom(sc, x, y, r, colour, turn):
    """Cherry blossom: five notched petals."""
    light, dark = shades(sc, colour)
    g = edge_glow(sc, colour)
    for k in range(5):
        f = Frame(x, y, r, turn=turn + 72 * k)
        p = f("M 0 0.06 C -0.5 0.3 -0.52 0.86 -0.2 1.02 L 0 0.86 L 0.2 1.02 C 0.52 0.86 0.5 0.3 0 0.06 Z")
        if sc.style in ("glass", "paper", "ink", "neon"):
            sc.pen.shape(p, light, dark, edge=0.6, shadow=0.35, glow=g)
        else:
            sc.c.drawPath(p, radial((x, y), r, [sc.pen.tone(dark), sc.pen.tone(mix(light, dark, 0.1)), sc.pen.tone(mix(light, (255, 255, 255), 0.2))]))
            sc.c.drawPath(p, line(sc.pen.tone(mul(dark, 0.8)), 0.45, 0.7))
    for k in range(5):
        a = math.radians(turn + 36 + 72 * k)
        sc.pen.stroke(poly([(x, y), (x + r * 0.36 * math.cos(a), y + r * 0.36 * math.sin(a))], False), sc.lit((255, 240, 200)), max(0.4, r * 0.03))
    _heart(sc, x, y, r * 0.13, (255, 206, 70))


FLOWERS = {"rose": rose, "tulip": tulip, "daisy": daisy, "sunflower": sunflower, "lily": lily, "poppy": poppy, "pansy": pansy, "hydrangea": hydrangea, "lotus": lotus,
           "lavender": lavender, "bluebell": bluebell, "cherry blossom": blossom}
HEAD = {"lavender": 0.92, "bluebell": 0.82, "tulip": 0.80, "cherry blossom": 0.98, "lotus": 0.9, "lily": 0.98}


def stem(sc, x, y, x1, y1, w, leaves=2):
    green = sc.lit((66, 146, 64))
    p = skia.Path()
    p.moveTo(x1, y1)
    p.quadTo((x + x1) / 2 + (x1 - x) * 0.3, (y + y1) / 2, x, y)
    sc.pen.stroke(p, green, w)
    for k in range(leaves):
        s = 1 if (k + int(x)) % 2 else -1
        t = 0.35 + 0.3 * k
        lx, ly = x + (x1 - x) * t, y + (y1 - y) * t
        ln = min(24, (y1 - y) * 0.4)
        leaf = skia.Path()
        leaf.moveTo(lx, ly + ln * 0.4)
        leaf.quadTo(lx + s * ln * 0.2, ly - ln * 0.4, lx + s * ln * 0.9, ly - ln * 0.45)
        leaf.quadTo(lx + s * ln * 0.8, ly + ln * 0.2, lx, ly + ln * 0.4)
        sc.pen.shape(leaf, mix(green, (255, 255, 255), 0.12), mul(green, 0.6), edge=0.7, shadow=0.5)


def flowers_alone(sc):
    """One, two or three big flowers in the garden scene."""
    n, colour, kind = sc.spec.get("count", 1), sc.spec["colour"], sc.spec["flower"]
    r = {1: sc.u(25, 30), 2: sc.u(19, 22), 3: sc.u(15, 17)}[n] * HEAD.get(kind, 1.0)
    if n == 1:
        where = {"left": (34, 42), "center": (58, 70), "right": (86, 94)}[sc.spec.get("position", "center")]
        spots = [(sc.u(*where), sc.u(46, 56))]
    elif n == 2:
        a, b = sc.u(36, 46), sc.u(54, 66)
        spots = [(sc.u(34, 42), a), (sc.u(86, 94), b)]
        if sc.chance(0.5):
            spots = [(128 - q, v) for q, v in spots]
    else:
        spots = [(sc.u(22, 30), sc.u(52, 68)), (sc.u(59, 69), sc.u(30, 40)), (sc.u(98, 106), sc.u(52, 68))]
    if kind == "lotus":
        pads = sc.lit((60, 140, 80))
        for x, y in spots:
            y += 16
            sc.pen.shape(oval(x, y + r * 0.9, r * 1.5, r * 0.42), mix(pads, (255, 255, 255), 0.15), mul(pads, 0.6))
            lotus(sc, x, y, r, colour, 0)
        return
    if kind == "cherry blossom":
        bark = sc.lit((96, 62, 52))
        branch = skia.Path()
        pts = sorted(spots)
        branch.moveTo(-6, pts[0][1] + sc.u(18, 34))
        for x, y in pts:
            branch.quadTo(x - 14, y + 14, x + 2, y + r * 0.8)
        branch.quadTo(116, pts[-1][1] + 8, 136, pts[-1][1] - sc.u(4, 20))
        sc.pen.stroke(branch, bark, 3.6)
        for x, y in spots:
            blossom(sc, x, y, r, colour, sc.u(0, 72))
        return
    for x, y in sorted(spots, key=lambda p: p[1]):
        turn = sc.u(-40, 40) if kind not in ("daisy", "sunflower", "lily", "poppy") else sc.u(0, 90)
        lean = sc.u(-8, 8)
        foot = y if kind != "bluebell" else y + r * 1.4
        sx = x if kind != "bluebell" else x - (1 if turn > 0 else -1) * r * 0.5
        stem(sc, sx, foot, sx + lean, 136, max(1.6, r * 0.13))
        FLOWERS[kind](sc, x, y, r, colour, turn)


def flower_field(sc, y0):
    """A meadow full of them: dots far away, whole flowers in front."""
    colour, kind = sc.spec["colour"], sc.spec["flower"]
    light, dark = shades(sc, colour)
    for _ in range(60):
        t = sc.u(0, 1) ** 1.2
        y = y0 + (118 - y0) * t * 0.75
        s = 0.9 + 2.0 * t
        c = mix(light, dark, sc.u(0, 0.7))
        if kind == "lavender":
            sc.c.drawOval(skia.Rect.MakeXYWH(sc.u(-2, 130), y - s * 1.6, s * 1.1, s * 3.2), fill(sc.pen.tone(mix(c, sc.pal["haze"], 0.3 * (1 - t))) if sc.style != "neon" else bright(c)))
            continue
        k = sc.pen.over if sc.pen.over else sc.c
        k.drawCircle(sc.u(0, 128), y, s, fill(sc.pen.tone(mix(c, sc.pal["haze"], 0.3 * (1 - t))) if sc.style != "neon" else edge_glow(sc, colour)))
    items = []
    for row, (y, n, r) in enumerate(((88, 5, 6.2), (102, 4, 9.5), (116, 3, 13))):
        xs = np.linspace(8, 120, n) + sc.r.uniform(-9, 9, n)
        items += [(y + sc.u(-4, 4), float(x), r * sc.u(0.9, 1.1)) for x in xs]
    for y, x, r in sorted(items):
        r *= HEAD.get(kind, 1.0)
        turn = sc.u(-40, 40)
        if kind not in ("lotus", "cherry blossom"):
            stem(sc, x, y - r if kind != "bluebell" else y + r * 0.4, x + sc.u(-2, 2), y + r * 3.2, max(0.9, r * 0.14), leaves=1 if r > 8 else 0)
        FLOWERS[kind](sc, x, y - r, r, colour, turn)


def vase(sc, x, y, colour):
    """A bunch of five in a round vase."""
    pen = sc.pen
    kind = sc.spec["flower"]
    f = Frame(x, y, 46)
    r = 13.0 * HEAD.get(kind, 1.0)
    spots = [(-25, -62), (25, -62), (-13, -80), (14, -79), (0, -58)]
    vase_c = [(70, 120, 190), (236, 230, 220), (190, 110, 80), (90, 150, 140)][int(sc.r.integers(4))]
    if sum(abs(a - b) for a, b in zip(vase_c, COLOURS[colour])) < 140:
        vase_c = (236, 230, 220) if colour != "white" else (70, 120, 190)
    for dx, dy in spots:
        stem(sc, x + dx, y + dy, x + dx * 0.12, y - 36, 1.6, leaves=1)
    for dx, dy in spots:
        FLOWERS[kind](sc, x + dx + sc.u(-2, 2), y + dy + sc.u(-2, 2), r * sc.u(0.92, 1.08), colour, sc.u(-40, 40))
    c = sc.lit(vase_c)
    pair = (mix(c, (255, 255, 255), 0.25), mul(c, 0.55))
    sc.shade(x, y, 16, 2.4, 0.4)
    body_p = f("M -0.14 0.92 L 0.14 0.92 C 0.12 0.74 0.34 0.62 0.34 0.34 C 0.34 0.14 0.22 0 0.14 0 L -0.14 0 C -0.22 0 -0.34 0.14 -0.34 0.34 C -0.34 0.62 -0.12 0.74 -0.14 0.92 Z")
    pen.shape(body_p, *(pair if pen.lit_left else pair[::-1]), across=True, rim=0.6)
    pen.soft(f("E -0.16 0.42 0.05 0.16"), (255, 255, 255), 0.55, 0.8)
