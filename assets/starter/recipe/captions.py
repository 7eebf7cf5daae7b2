"""Scene descriptions and the sentences that describe them.

`random_spec(rng)` chooses what a picture shows; `caption(spec, rng)` puts it into words, differently
for each `rng`. A caption never says anything untrue of the picture, but may leave things out.
"""

SETTINGS = {  # name: (weight, subjects it can carry with weights)
    "mountains": (24, {None: 13, "balloon": 3, "sailboat": 2, "house": 3, "tree": 2, "cat": 1, "lighthouse": 0.5}),
    "sea": (18, {None: 5, "lighthouse": 7, "sailboat": 7, "balloon": 2.5, "house": 1.5}),
    "desert": (8, {None: 6, "balloon": 2.5, "tree": 1, "house": 1, "cat": 0.7}),
    "forest": (8, {None: 5, "house": 2.5, "balloon": 1.5, "cat": 1.2}),
    "meadow": (20, {None: 2.5, "flowers": 7, "tree": 3, "house": 2.5, "cat": 4, "balloon": 2.5, "lighthouse": 1}),
    "city": (7, {None: 6, "balloon": 1.5, "sailboat": 1}),
    "snow": (10, {None: 4, "house": 3, "balloon": 3, "tree": 1, "cat": 1.6, "lighthouse": 0.8}),
    "underwater": (5, {"fish": 1}),
}
COLOURS = {
    "lighthouse": ["red", "red", "white", "blue", "green", "black"],
    "sailboat": ["white", "red", "yellow", "blue", "orange", "green", "pink"],
    "house": ["white", "red", "yellow", "blue", "orange", "pink", "brown", "green"],
    "balloon": ["red", "red", "orange", "yellow", "green", "blue", "purple", "pink", "white"],
    "tree": ["green", "green", "red", "orange", "yellow", "pink"],
    "flowers": ["red", "orange", "yellow", "yellow", "blue", "purple", "pink", "white"],
    "cat": ["black", "white", "grey", "orange", "brown"],
    "fish": ["red", "orange", "yellow", "blue", "purple", "green", "pink"],
}
TIMES = ["day", "sunset", "sunrise", "night"]
STYLES = {"vector": 0.56, "watercolor": 0.16, "pixel": 0.1, "oil": 0.1, "ink": 0.08}


def pick(rng, items, weights=None):
    if weights is not None:
        total = sum(weights)
        weights = [w / total for w in weights]
    return items[int(rng.choice(len(items), p=weights))]


def random_spec(rng):
    setting = pick(rng, list(SETTINGS), [w for w, _ in SETTINGS.values()])
    subjects = SETTINGS[setting][1]
    subject = pick(rng, list(subjects), list(subjects.values()))
    spec = {"setting": setting, "style": pick(rng, list(STYLES), list(STYLES.values()))}
    weights = [0.4, 0.25, 0.13, 0.22]
    if subject is None and setting in ("mountains", "sea", "desert"):
        weights = [0.25, 0.38, 0.15, 0.22]
    if subject == "flowers":
        weights = [0.66, 0.14, 0.1, 0.1]
    spec["time"] = "day" if setting == "underwater" else pick(rng, TIMES, weights)
    if subject:
        spec["subject"] = subject
        spec["colour"] = pick(rng, COLOURS[subject])
        if subject in ("balloon", "fish"):
            spec["stripes"] = bool(rng.random() < 0.4)
            spec["many"] = bool(rng.random() < 0.25)
        if subject == "sailboat" and setting == "sea":
            spec["many"] = bool(rng.random() < 0.15)
        if subject == "flowers":
            spec["flower"] = "tulip" if spec["colour"] not in ("blue",) and rng.random() < 0.35 else "daisy"
    if setting == "mountains":
        spec["lake"] = bool(subject == "sailboat" or (subject in (None, "balloon") and rng.random() < 0.25))
    if setting != "underwater":
        x = rng.random()
        if setting == "snow" and x < 0.3:
            spec["weather"] = "snowfall"
        elif setting in ("mountains", "forest", "sea", "city") and x < 0.08:
            spec["weather"] = "fog"
    return spec


# -- words -----------------------------------------------------------------------------------------

PLACES = {
    "mountains": ["a mountain range", "a mountain range", "the mountains", "mountains", "mountain peaks", "high mountains", "a mountain landscape"],
    "sea": ["the sea", "the sea", "the ocean", "the sea", "calm water", "the open sea"],
    "desert": ["the desert", "a desert", "sand dunes", "the dunes", "desert dunes"],
    "forest": ["a forest", "the forest", "the woods", "a pine forest", "pine trees"],
    "meadow": ["a meadow", "the meadow", "a green meadow", "green hills", "a grassy field", "a field"],
    "city": ["a city", "the city", "a city skyline", "the skyline", "tall buildings", "skyscrapers"],
    "snow": ["the snow", "a snowy landscape", "snowy hills", "a snow field", "a winter landscape", "the snow"],
}
NEAR = {"mountains": ["in", "in front of", "before"], "sea": ["by", "at", "near"], "desert": ["in"], "forest": ["in"],
        "meadow": ["in", "on"], "city": ["in front of", "before"], "snow": ["in"]}
ABOVE = ["over", "over", "above", "flying over", "floating over"]
BOAT = {"sea": ["on", "on", "at", "sailing on"], "mountains": ["on a lake in", "on a lake below", "on a lake with"], "city": ["in front of", "before"]}
NOUNS = {
    "lighthouse": ["lighthouse"], "sailboat": ["sailboat", "sailboat", "sailing boat", "boat"],
    "house": ["house", "house", "cottage", "cabin", "small house"], "balloon": ["hot-air balloon", "hot air balloon", "hot-air balloon", "balloon"],
    "tree": ["tree"], "cat": ["cat", "cat", "kitty", "sitting cat"], "fish": ["fish"], "flowers": ["flowers"],
}
PLURALS = {"sailboat": ["sailboats", "three sailboats", "boats"], "balloon": ["hot-air balloons", "hot air balloons", "balloons", "several hot-air balloons"],
           "fish": ["fish", "many fish", "a group of fish", "several fish"]}
WHEN = {
    "day": ["by day", "in daylight", "at noon", "on a sunny day", "in the daytime", "under a blue sky", "on a bright day"],
    "sunset": ["at sunset", "at sunset", "at dusk", "in the evening", "during sunset", "under a red sky"],
    "sunrise": ["at sunrise", "at dawn", "in the early morning", "in the morning", "during sunrise"],
    "night": ["at night", "at night", "under the stars", "in the moonlight", "under a starry sky", "by night", "under the moon"],
}
SKY = {"day": ["a sunny day", "a clear day", "a blue sky", "a bright day"], "sunset": ["a sunset", "a sunset", "sunset", "a red sunset", "the setting sun", "an evening sky"],
       "sunrise": ["a sunrise", "sunrise", "the rising sun", "dawn", "a morning sky"], "night": ["a starry night", "night", "the moon", "stars", "a night sky", "a full moon", "a starry sky"]}
ADJ = {"day": ["sunny", "bright"], "sunset": ["sunset", "evening"], "sunrise": ["sunrise", "morning", "early morning"], "night": ["night", "moonlit", "starry"]}
STYLE = {
    "vector": (["vector image", "vector image", "vector art", "vector illustration", "flat vector image", "digital illustration"],
               ["a vector image of", "vector art of", "an illustration of", "a vector illustration of"]),
    "watercolor": (["watercolor", "watercolor", "watercolour", "watercolor painting", "in watercolor", "watercolour painting"],
                   ["a watercolor of", "a watercolor painting of", "a watercolour of", "watercolor painting of"]),
    "pixel": (["pixel art", "pixel art", "in pixel art style", "8-bit pixel art"], ["pixel art of", "a pixel art image of", "pixel art picture of"]),
    "oil": (["oil painting", "oil painting", "oil on canvas", "in oil paint"], ["an oil painting of", "oil painting of"]),
    "ink": (["ink drawing", "ink drawing", "pen and ink", "black and white drawing", "in ink"], ["an ink drawing of", "a drawing of", "a black and white ink drawing of"]),
}
PRAISE = ["beautiful", "highly detailed", "masterpiece", "best quality", "4k", "detailed", "peaceful", "calm", "cinematic", "landscape", "high quality", "scenic"]


def article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def subject_phrase(spec, rng, with_colour):
    s, colour = spec["subject"], spec["colour"]
    colour = {"grey": pick(rng, ["grey", "gray"]), "orange": pick(rng, ["orange", "orange", "ginger"]) if s == "cat" else "orange"}.get(colour, colour)
    if s == "flowers":
        noun = "tulips" if spec.get("flower") == "tulip" and rng.random() < 0.6 else pick(rng, ["flowers", "flowers", "flowers", "blossoms", "wildflowers"])
        return f"{colour} {noun}" if with_colour else noun
    if spec.get("many"):
        noun = pick(rng, PLURALS[s])
        if not with_colour:
            return noun
        head = {"three sailboats": "three {} sailboats", "several hot-air balloons": "several {} hot-air balloons", "many fish": "many {} fish",
                "a group of fish": "a group of {} fish", "several fish": "several {} fish"}.get(noun)
        return head.format(colour) if head else f"{colour} {noun}"
    noun = pick(rng, NOUNS[s])
    if spec.get("stripes") and rng.random() < 0.3:
        noun = "striped " + noun
    if s == "sailboat" and with_colour and rng.random() < 0.35:
        return article(f"{noun} with {'a ' if rng.random() < 0.7 else ''}{colour} {'sail' if rng.random() < 0.7 else 'sails'}")
    if s == "tree" and colour == "pink" and rng.random() < 0.4:
        return pick(rng, ["a cherry tree", "a cherry blossom tree"])
    if s == "tree" and colour in ("red", "orange") and rng.random() < 0.25:
        return "an autumn tree"
    phrase = f"{colour} {noun}" if with_colour else noun
    if s == "lighthouse" and with_colour and colour not in ("white",) and rng.random() < 0.3:
        phrase = f"{colour} and white {noun}"
    return article(phrase)


def caption(spec, rng):
    """One English description of `spec`."""
    setting, time, style = spec["setting"], spec["time"], spec["style"]
    s = spec.get("subject")
    say_time = rng.random() < (0.55 if time == "day" else 0.93)
    say_place = rng.random() < 0.9 or not s
    when = pick(rng, WHEN[time])
    if setting == "underwater":
        what = subject_phrase(spec, rng, rng.random() < 0.9)
        where = pick(rng, ["under water", "underwater", "in the sea", "in the ocean", "swimming in the sea", "swimming underwater", "among seaweed", ""])
        text = f"{what} {where}".strip()
    elif s:
        what = subject_phrase(spec, rng, rng.random() < 0.88)
        place = pick(rng, PLACES[setting])
        if s == "balloon":
            link = pick(rng, ABOVE)
        elif s == "sailboat":
            link = pick(rng, BOAT[setting])
        else:
            link = pick(rng, NEAR[setting])
            if setting == "sea" and s in ("lighthouse", "house") and rng.random() < 0.3:
                link, place = "on", pick(rng, ["a cliff by the sea", "a rock in the sea", "the coast", "an island", "a rock by the sea"])
        where = f"{link} {place}" if say_place else ""
        parts = [what, where, when if say_time else ""]
        x = rng.random()
        if x < 0.2:
            parts = [what, when if say_time else "", where]
        elif x < 0.28 and say_time and say_place:
            parts = [f"{when}, {what}", where]
        elif x < 0.36 and say_place:
            parts = [f"{place} with {what}", when if say_time else ""]
        elif x < 0.42 and say_time:
            parts = [what, where + ",", pick(rng, SKY[time])] if where else [what + ",", pick(rng, SKY[time])]
        text = " ".join(p for p in parts if p)
    else:
        place = pick(rng, PLACES[setting])
        if spec.get("lake") and setting == "mountains":
            place = pick(rng, ["a mountain lake", "mountains by a lake", "a lake in the mountains", "mountains reflected in a lake", place])
        sky = pick(rng, SKY[time])
        x = rng.random()
        if not say_time:
            text = place
        elif x < 0.5:
            text = f"{sky} {pick(rng, ['over', 'over', 'above', 'over'])} {place}"
        elif x < 0.8:
            text = f"{place} {when}"
        elif x < 0.9:
            text = f"{place}, {sky}"
        else:
            bare = place.removeprefix("the ").removeprefix("a ")
            text = f"{pick(rng, ADJ[time])} {bare}"
    if spec.get("weather") == "fog" and rng.random() < 0.85:
        text += pick(rng, [" in the fog", " in the mist", ", foggy", ", misty"])
    if spec.get("weather") == "snowfall" and rng.random() < 0.8:
        text += pick(rng, [", snow falling", " with falling snow", ", snowing"])
    say_style = rng.random() < (0.55 if style == "vector" else 0.98)
    if say_style:
        after, before = STYLE[style]
        x = rng.random()
        if x < 0.62:
            text = f"{text}, {pick(rng, after)}"
        elif x < 0.9:
            text = f"{pick(rng, before)} {text}"
        else:
            text = f"{pick(rng, after)}, {text}"
    elif rng.random() < 0.12:
        text = pick(rng, ["a picture of ", "an image of ", "a photo of ", "picture of "]) + text
    if rng.random() < 0.10:
        words = [PRAISE[i] for i in rng.choice(len(PRAISE), int(rng.integers(1, 4)), replace=False)]
        text = ", ".join([text] + words) if rng.random() < 0.7 else ", ".join(words + [text])
    if rng.random() < 0.04:
        text += "."
    return text


if __name__ == "__main__":
    import numpy as np

    for i in range(40):
        rng = np.random.default_rng(i)
        print(caption(random_spec(rng), rng))
