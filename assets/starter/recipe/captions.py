"""What pictures show and the sentences that say it.

`random_spec(rng)` chooses a description (a dict that `render.draw` paints and the evaluator reads as labels);
`caption(spec, rng)` puts it into words, differently for each `rng`. A caption never says anything untrue of the
picture, but may leave things out.

Combinations of style, scene, subject and time for which `held_out` is true never occur in training: they are the
evaluation's prompts.
"""

import zlib

import numpy as np

STYLES = ["vector", "watercolor", "oil", "pixel", "ink", "glass", "paper", "neon"]
TIMES = ["sunrise", "noon", "sunset", "night", "milkyway", "aurora"]
FLOWERS = ["rose", "tulip", "daisy", "sunflower", "lily", "poppy", "pansy", "hydrangea", "lotus", "lavender", "bluebell", "cherry blossom"]
TEN = ["red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "white", "black"]
COLOURS = {
    "flower": TEN,
    "lighthouse": ["red", "blue", "green", "white", "black", "orange"],
    "sailboat": ["white", "red", "yellow", "blue", "orange", "green", "pink", "purple", "turquoise"],
    "balloon": TEN,
    "house": ["white", "red", "yellow", "blue", "orange", "pink", "green", "turquoise", "purple", "brown"],
    "bridge": ["red", "blue", "green", "white", "orange", "purple"],
    "tower": ["red", "blue", "green", "purple", "orange", "turquoise"],
    "horse": ["white", "black", "brown", "grey"],
    "cat": ["black", "white", "orange", "grey"],
    "bird": ["white", "red", "yellow", "blue", "green", "pink", "black", "orange", "purple", "turquoise"],
    "fish": ["red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "white", "black"],
    "astronaut": ["white", "orange", "blue", "red", "green", "yellow", "pink"],
}
SCENES = {  # weight, subjects it can hold with weights
    "mountains": (14, {None: 6, "balloon": 2, "sailboat": 2, "house": 2, "horse": 2, "bird": 2, "tower": 2, "bridge": 1}),
    "sea": (13, {None: 4, "lighthouse": 5, "sailboat": 4, "balloon": 1.5, "bird": 2, "bridge": 2, "house": 1}),
    "desert": (9, {None: 4, "balloon": 2, "horse": 2, "astronaut": 1.5, "tower": 1.5, "bird": 1, "cat": 1}),
    "forest": (9, {None: 4, "house": 2, "horse": 2, "cat": 2, "bird": 1.5, "tower": 1.5}),
    "meadow": (13, {None: 2, "flower": 6, "horse": 2, "cat": 2, "house": 1.5, "balloon": 1.5, "tower": 1, "bird": 1}),
    "city": (9, {None: 5, "balloon": 1.5, "sailboat": 1.5, "bridge": 3, "bird": 1}),
    "village": (8, {None: 5, "balloon": 1.5, "bird": 1, "cat": 1.5, "horse": 1.5}),
    "snow": (9, {None: 3, "house": 2, "horse": 1.5, "cat": 2, "balloon": 1, "tower": 1.5, "astronaut": 1, "bird": 1}),
    "garden": (14, {"flower": 1}),
    "window": (7, {"flower": 1}),
    "underwater": (7, {"fish": 1}),
    "space": (4, {None: 0.6, "astronaut": 4}),
}
COUNTED = {"flower": (0.5, 0.25, 0.25), "sailboat": (0.6, 0.2, 0.2), "balloon": (0.5, 0.25, 0.25), "bird": (0.5, 0.25, 0.25), "fish": (0.45, 0.27, 0.28),
           "horse": (0.75, 0.25, 0), "cat": (0.7, 0.3, 0), "house": (0.7, 0.3, 0)}
TIMELESS = ("underwater", "space")


def pick(rng, items, weights=None):
    items = list(items)
    if weights is not None:
        weights = np.asarray(list(weights), float)
        weights = weights / weights.sum()
    return items[int(rng.choice(len(items), p=weights))]


def held_out(spec):
    """One in twelve combinations of style, scene, subject, colour and time is kept for the evaluation."""
    key = "|".join(str(spec.get(k)) for k in ("style", "scene", "subject", "flower", "colour", "time"))
    return zlib.crc32(key.encode()) % 12 == 0


def _spec(rng, fixed):
    fixed = fixed or {}
    get = lambda name, choose: fixed[name] if name in fixed else choose()
    scenes = {k: v for k, v in SCENES.items() if "subject" not in fixed or fixed["subject"] in v[1]}
    if fixed.get("flower"):
        scenes = {k: v for k, v in scenes.items() if "flower" in v[1]}
    if "time" in fixed:
        scenes = {k: v for k, v in scenes.items() if k not in TIMELESS}
    if fixed.get("count", 1) > 1:
        scenes = {k: v for k, v in scenes.items() if any(s in COUNTED for s in v[1]) and k not in ("window",)}
    scene = get("scene", lambda: pick(rng, scenes, [w for w, _ in scenes.values()]))
    subjects = SCENES[scene][1]
    if fixed.get("count", 1) > 1:
        subjects = {s: w for s, w in subjects.items() if s in COUNTED and COUNTED[s][fixed["count"] - 1]}
    if fixed.get("colour"):
        subjects = {s: w for s, w in subjects.items() if s and fixed["colour"] in COLOURS[s]} or subjects
    subject = get("subject", lambda: pick(rng, subjects, subjects.values()))
    spec = {"scene": scene, "style": get("style", lambda: pick(rng, STYLES, [0.26, 0.14, 0.12, 0.1, 0.1, 0.1, 0.1, 0.08]))}
    if scene not in TIMELESS:
        spec["time"] = get("time", lambda: pick(rng, TIMES, [0.16, 0.29, 0.22, 0.15, 0.09, 0.09]))
    if subject:
        spec["subject"] = subject
        colours = [c for c in COLOURS[subject] if not (c == "black" and spec["style"] == "neon")]
        spec["colour"] = get("colour", lambda: pick(rng, colours))
        if subject == "flower":
            spec["flower"] = get("flower", lambda: pick(rng, [f for f in FLOWERS if scene == "garden" or f not in ("lotus", "cherry blossom")]))
            if scene != "garden" and spec["flower"] in ("lotus", "cherry blossom"):
                spec["scene"] = scene = "garden"
        if scene in ("meadow", "window") and subject == "flower":
            spec["count"] = 9  # many
        elif subject in COUNTED and not (scene == "sea" and subject == "house"):
            spec["count"] = get("count", lambda: pick(rng, (1, 2, 3), COUNTED[subject]))
        else:
            spec["count"] = 1
        if spec["count"] == 1 and subject not in ("bridge",):
            spec["position"] = get("position", lambda: pick(rng, ("center", "left", "right"), (0.5, 0.25, 0.25)))
        if subject == "fish":
            spec["stripes"] = bool(rng.random() < 0.35)
    if scene not in ("underwater", "space", "window"):
        x = rng.random()
        time = spec["time"]
        weather = "clear"
        if time in ("noon", "sunrise", "sunset", "night"):
            if x < 0.25:
                weather = "clouds"
            elif x < 0.33 and scene != "garden" and time != "sunrise":
                weather = "rain"
            elif x < 0.41 and time in ("noon", "sunrise") and scene != "garden":
                weather = "rainbow"
        spec["weather"] = get("weather", lambda: weather)
        if scene == "snow":
            spec["snowing"] = bool(rng.random() < 0.35 and spec["weather"] != "rain")
        if subject in ("house", "horse", "cat", "sailboat", "bridge") and spec.get("count", 1) == 1 and rng.random() < 0.22:
            above = pick(rng, ("bird", "balloon"))
            colours = [c for c in COLOURS[above] if c != spec["colour"] and c not in ("black", "white")]
            spec["above"], spec["above_colour"] = above, pick(rng, colours)
    if scene in ("mountains", "city"):
        spec["lake"] = bool(rng.random() < (0.3 if scene == "mountains" else 0.7))
    if spec.get("time") == "night":
        spec["moon"] = "crescent" if rng.random() < 0.35 else "full"
    return spec


def random_spec(rng, fixed=None, split="train"):
    while True:
        spec = _spec(rng, fixed)
        if split == "any" or held_out(spec) == (split == "held_out"):
            return spec


# -- words -------------------------------------------------------------------------------------------

STYLE = {
    "vector": (["vector image", "vector art", "vector illustration", "flat illustration", "digital illustration"],
               ["a vector image of", "vector art of", "an illustration of", "a vector illustration of"], ["ベクター画像", "イラスト", "ベクターイラスト"]),
    "watercolor": (["watercolor", "watercolour", "watercolor painting", "in watercolor", "watercolour painting"],
                   ["a watercolor of", "a watercolor painting of", "a watercolour of"], ["水彩画", "水彩"]),
    "oil": (["oil painting", "oil on canvas", "in oil", "oil paint"], ["an oil painting of", "oil painting of"], ["油絵", "油彩画"]),
    "pixel": (["pixel art", "8-bit pixel art", "in pixel art style", "retro pixel art"], ["pixel art of", "a pixel art image of"], ["ドット絵", "ピクセルアート"]),
    "ink": (["ink drawing", "pen and ink", "in ink", "ink and wash"], ["an ink drawing of", "a pen and ink drawing of"], ["ペン画", "インク画"]),
    "glass": (["stained glass", "stained glass window", "in stained glass"], ["stained glass of", "a stained glass window of"], ["ステンドグラス"]),
    "paper": (["paper cut-out", "paper cutout", "paper art", "cut paper", "layered paper"], ["a paper cut-out of", "paper art of", "a paper cutout of"], ["切り絵", "切り紙"]),
    "neon": (["neon", "neon lights", "neon art", "neon sign", "glowing neon"], ["a neon image of", "neon art of", "a neon sign of"], ["ネオン", "ネオンアート"]),
}
PLACE = {  # with a preposition for a subject, alone, Japanese
    "mountains": (["in the mountains", "in front of mountains", "before a mountain range"], ["a mountain range", "mountains", "mountain peaks", "a mountain landscape", "high mountains"], ["山", "山脈", "山々"]),
    "sea": (["by the sea", "at the sea", "by the ocean", "on the coast"], ["the sea", "the ocean", "the open sea", "a calm sea"], ["海", "大海原"]),
    "desert": (["in the desert", "in a desert", "among sand dunes"], ["the desert", "a desert", "sand dunes", "desert dunes"], ["砂漠", "砂丘"]),
    "forest": (["in the forest", "in a forest", "in the woods"], ["a forest", "the forest", "the woods", "a pine forest"], ["森", "森林"]),
    "meadow": (["in a meadow", "in the meadow", "on a meadow", "in a green field"], ["a meadow", "a green meadow", "green hills", "a grassy field"], ["草原", "野原"]),
    "city": (["in the city", "in front of a city", "before a city skyline"], ["a city", "a city skyline", "the skyline", "skyscrapers"], ["街", "都会"]),
    "village": (["in a village", "in the village", "by a small village"], ["a village", "a small village", "village houses", "a country village"], ["村", "小さな村"]),
    "snow": (["in the snow", "in a snowy landscape", "on snowy hills"], ["a snowy landscape", "snow", "snowy hills", "a winter landscape"], ["雪景色", "雪"]),
    "garden": (["in a garden", "in the garden", "close up"], ["a garden"], ["庭"]),
    "window": (["in a vase", "in a vase by the window", "in a vase on a window sill"], ["a vase by the window"], ["花瓶"]),
    "underwater": (["under water", "underwater", "under the sea", "in the ocean"], ["under water"], ["海の中", "水中"]),
    "space": (["on the moon", "in space", "in outer space"], ["the surface of the moon", "outer space", "the moon and the earth"], ["宇宙", "月面"]),
}
OVER = {"mountains": "over the mountains", "sea": "over the sea", "desert": "over the desert", "forest": "over a forest", "meadow": "over a meadow", "city": "over a city",
        "village": "over a village", "snow": "over the snow"}
BOAT = {"sea": ["on the sea", "at sea", "on the ocean"], "mountains": ["on a lake in the mountains", "on a mountain lake"], "city": ["in front of a city", "before a city skyline"]}
WHEN = {
    "sunrise": (["at sunrise", "at dawn", "in the early morning", "in the morning"], ["sunrise", "dawn", "a sunrise"], ["日の出", "朝", "夜明け"]),
    "noon": (["at noon", "by day", "in daylight", "on a bright day", "under a blue sky"], ["noon", "daylight", "a bright day", "a blue sky"], ["昼", "青空", "真昼"]),
    "sunset": (["at sunset", "at dusk", "in the evening", "under a red sky"], ["sunset", "dusk", "a sunset", "a red evening sky"], ["夕焼け", "夕日", "夕方"]),
    "night": (["at night", "by night", "in the moonlight", "under the moon"], ["night", "a moonlit night", "moonlight", "the moon"], ["夜", "月夜"]),
    "milkyway": (["under the milky way", "below the milky way", "under a starry sky"], ["the milky way", "a starry sky", "a starry night"], ["天の川", "星空"]),
    "aurora": (["under the aurora", "under northern lights", "below the northern lights"], ["the aurora", "northern lights", "an aurora"], ["オーロラ"]),
}
WEATHER = {"clouds": (["under clouds", "with clouds", "on a cloudy day"], ["雲"]), "rain": (["in the rain", "on a rainy day", "in rain"], ["雨"]),
           "rainbow": (["with a rainbow", "under a rainbow"], ["虹"])}
NOUN = {  # singular, plural, Japanese
    "lighthouse": (["lighthouse"], ["lighthouses"], "灯台"), "sailboat": (["sailboat", "sailing boat", "boat"], ["sailboats", "sailing boats", "boats"], "ヨット"),
    "balloon": (["hot-air balloon", "hot air balloon", "balloon"], ["hot-air balloons", "hot air balloons", "balloons"], "気球"),
    "house": (["house", "cottage", "small house"], ["houses", "cottages"], "家"), "bridge": (["bridge", "suspension bridge"], ["bridges"], "橋"),
    "tower": (["tower", "castle tower"], ["towers"], "塔"), "horse": (["horse"], ["horses"], "馬"), "cat": (["cat", "sitting cat", "kitty"], ["cats"], "猫"),
    "bird": (["bird", "flying bird"], ["birds"], "鳥"), "fish": (["fish"], ["fish"], "魚"), "astronaut": (["astronaut", "spaceman"], ["astronauts"], "宇宙飛行士"),
    "rose": (["rose"], ["roses"], "薔薇"), "tulip": (["tulip"], ["tulips"], "チューリップ"), "daisy": (["daisy"], ["daisies"], "デイジー"),
    "sunflower": (["sunflower"], ["sunflowers"], "ひまわり"), "lily": (["lily"], ["lilies"], "百合"), "poppy": (["poppy"], ["poppies"], "ポピー"), "pansy": (["pansy"], ["pansies"], "パンジー"),
    "hydrangea": (["hydrangea"], ["hydrangeas"], "紫陽花"), "lotus": (["lotus", "lotus flower", "water lily"], ["lotus flowers", "water lilies"], "蓮"),
    "lavender": (["lavender"], ["lavender flowers", "sprigs of lavender"], "ラベンダー"), "bluebell": (["bluebell"], ["bluebells"], "ブルーベル"),
    "cherry blossom": (["cherry blossom"], ["cherry blossoms"], "桜"),
}
COLOUR_JA = {"red": "赤い", "orange": "オレンジの", "yellow": "黄色い", "green": "緑の", "turquoise": "青緑の", "blue": "青い", "purple": "紫の", "pink": "ピンクの", "white": "白い", "black": "黒い",
             "brown": "茶色い", "grey": "灰色の"}
SIDE = {"left": (["on the left", "to the left", "at the left"], "左に"), "right": (["on the right", "to the right", "at the right"], "右に"),
        "center": (["in the middle", "in the center"], "中央に")}
PRAISE = ["beautiful", "highly detailed", "masterpiece", "best quality", "4k", "detailed", "peaceful", "calm", "cinematic", "high quality", "scenic", "lovely"]


def article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def name_of(spec):
    return spec.get("flower") if spec.get("subject") == "flower" else spec.get("subject")


def colour_word(c, rng):
    return pick(rng, ["grey", "gray"]) if c == "grey" else pick(rng, ["turquoise", "turquoise", "teal"]) if c == "turquoise" else c


def subject_phrase(spec, rng):
    """'a red lighthouse', 'two white cats', 'pink tulips'."""
    name, count = name_of(spec), spec.get("count", 1)
    colour = colour_word(spec["colour"], rng) + " " if rng.random() < 0.93 else ""
    one, several, _ = NOUN[name]
    if spec["subject"] == "flower" and rng.random() < 0.04:
        one, several = ["flower"], ["flowers"]
    if count == 1:
        noun = pick(rng, one)
        if spec["subject"] == "sailboat" and colour and rng.random() < 0.15:
            return f"a {noun} with {colour}sails"
        return article(colour + noun) if rng.random() < 0.8 else ("one " if rng.random() < 0.4 else "") + colour + noun
    noun = pick(rng, several)
    if count == 9:
        head = pick(rng, ["", "", "", "many ", "a field of "] if spec["scene"] == "meadow" else ["", "", "a bunch of ", "a bouquet of "])
    else:
        head = pick(rng, [{2: "two ", 3: "three "}[count]] * 5 + [{2: "2 ", 3: "3 "}[count]])
    return head + colour + noun


def where_phrase(spec, rng):
    scene, subject = spec["scene"], spec.get("subject")
    if subject in ("balloon", "bird") and scene in OVER:
        return (pick(rng, ["", "flying ", "", "floating "]) if subject == "balloon" else pick(rng, ["", "flying ", ""])) + OVER[scene]
    if subject == "sailboat":
        return pick(rng, BOAT[scene])
    if subject == "bridge" and scene == "mountains":
        return "over a lake in the mountains"
    return pick(rng, PLACE[scene][0])


def japanese(spec, rng):
    parts = []
    scene, time = pick(rng, PLACE[spec["scene"]][2]), spec.get("time")
    when = pick(rng, WHEN[time][2]) if time else None
    place = f"{when}の{scene}" if when else scene
    if time == "noon" and rng.random() < 0.3:
        place = scene
    if spec.get("subject"):
        noun = NOUN[name_of(spec)][2]
        colour = COLOUR_JA[spec["colour"]] if rng.random() < 0.93 else ""
        count = {2: "二つの", 3: "三つの"}.get(spec.get("count"), "")
        side = SIDE[spec["position"]][1] if spec.get("position") in ("left", "right") and rng.random() < 0.6 else ""
        what = side + count + colour + noun
        parts += [f"{place}と{what}"] if rng.random() < 0.3 else [place, what] if rng.random() < 0.5 else [what, place]
    else:
        parts += [place]
    if spec.get("weather", "clear") != "clear" and rng.random() < 0.5:
        parts.append(pick(rng, WEATHER[spec["weather"]][1]))
    if spec["style"] != "vector" or rng.random() < 0.6:
        parts.insert(int(rng.integers(2)) * len(parts), pick(rng, STYLE[spec["style"]][2]))
    return pick(rng, ["、", " ", "、"]).join(parts)


def caption(spec, rng, plain=False):
    """A sentence for the description. `plain` ones say everything that matters, in the simplest words."""
    style, time, scene, subject = spec["style"], spec.get("time"), spec["scene"], spec.get("subject")
    if not plain and rng.random() < 0.09:
        return japanese(spec, rng)
    say_time = time and (plain or rng.random() < (0.65 if time == "noon" else 0.95))
    when = pick(rng, WHEN[time][0]) if say_time else ""
    weather = spec.get("weather", "clear")
    sky = pick(rng, WEATHER[weather][0]) if weather != "clear" and rng.random() < (0.8 if weather != "clouds" else 0.35) else ""
    words = []
    if subject:
        what = subject_phrase(spec, rng) if not plain else subject_phrase(spec, _Plain())
        where = where_phrase(spec, rng) if plain or scene == "window" or rng.random() < (0.94 if scene != "garden" else 0.25) else ""
        side = ""
        if spec.get("position") in SIDE and not plain:
            side = pick(rng, SIDE[spec["position"]][0]) if rng.random() < (0.65 if spec["position"] != "center" else 0.12) else ""
        extra = ""
        if spec.get("above") and not plain:
            extra = f"with {article(spec['above_colour'] + ' ' + pick(rng, NOUN[spec['above']][0]))} above" if rng.random() < 0.8 else ""
        x = rng.random()
        if x < 0.16 and when and not plain:
            words = [when + ",", what, side, where, extra, sky]
        elif x < 0.28 and where and not plain:
            words = [what, side, when, where, extra, sky]
        elif x < 0.38 and not plain:
            bare = [what, side, where, extra, pick(rng, WHEN[time][1]) if say_time else "", sky]
            words = [", ".join(w for w in bare if w)]
        else:
            words = [what, where, side, when, extra, sky]
    else:
        place = pick(rng, PLACE[scene][1])
        if scene == "mountains" and spec.get("lake") and rng.random() < 0.7:
            place = pick(rng, ["a mountain lake", "mountains and a lake", "mountains reflected in a lake"])
        x = rng.random()
        if x < 0.25 and say_time and time != "noon" and not plain:
            words = [pick(rng, WHEN[time][1]), pick(rng, ["over", "above", "over"]), place, sky]
        elif x < 0.37 and not plain:
            words = [", ".join(w for w in (place, pick(rng, WHEN[time][1]) if say_time else "", sky) if w)]
        elif x < 0.47 and when and not plain:
            words = [when + ",", place, sky]
        else:
            words = [place, when, sky]
    if spec.get("snowing") and rng.random() < 0.5 and not plain:
        words.append(pick(rng, ["with falling snow", "snowing"]))
    text = " ".join(w for w in words if w)
    if style != "vector" or plain or rng.random() < 0.6:
        after, before, _ = STYLE[style]
        x = rng.random()
        if plain or x < 0.6:
            text = f"{text}, {after[0] if plain else pick(rng, after)}"
        elif x < 0.85 and not text.startswith(("at ", "by ", "in ", "on ", "under ", "below ")):
            text = f"{pick(rng, before)} {text}"
        else:
            text = f"{pick(rng, after)}, {text}"
    if not plain and rng.random() < 0.12:
        extra = pick(rng, PRAISE)
        text = f"{text}, {extra}" if rng.random() < 0.7 else f"{extra}, {text}"
    return text


class _Plain:
    """Chooses the first of everything."""

    def random(self):
        return 0.5

    def choice(self, n, p=None):
        return 0


def prompts(n, first_seed=0):
    """The evaluation's prompts: descriptions that never occur in training, each with one sentence."""
    out = []
    for i in range(n):
        spec = random_spec(np.random.default_rng([31, first_seed + i]), split="held_out")
        out.append((spec, caption(spec, np.random.default_rng([32, first_seed + i]), plain=True)))
    return out


if __name__ == "__main__":
    for i in range(60):
        s = random_spec(np.random.default_rng([i, 9]))
        print(caption(s, np.random.default_rng([i, 8])))
    print()
    for s, t in prompts(10):
        print(t)
