#!/usr/bin/env python3
"""How many of ComfyUI's own templates the gallery reads right.

    pip download --no-deps comfyui-workflow-templates-json && comfy_templates.py --bin hareru WHEEL [--all]

WHEEL is that package, or a folder of templates. Each is put into a PNG as `workflow`, as the editor saves it, and read by
`hareru gallery reindex` and `list`. What must come of it is found here by the rules of ComfyUI's own nodes alone: templates
whose picture comes of a sampler and a text, both written in the graph. A value is right if it is the one of a sampler
behind the saved picture (of the first, where several go on from each other); one that is not said is missing, and any
other is wrong. Prints what is not right, and counts last; exit 0 if 95 of 100 are right and none is wrong.
"""
import argparse
import binascii
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

AFTER_RUN = ("fixed", "randomize", "increment", "decrement")
WIDGETS = {
    "KSampler": "seed steps cfg sampler_name scheduler denoise",
    "KSamplerAdvanced": "add_noise noise_seed steps cfg sampler_name scheduler start_at_step end_at_step",
    "SamplerCustom": "add_noise noise_seed cfg",
    "RandomNoise": "noise_seed",
    "KSamplerSelect": "sampler_name",
    "BasicScheduler": "scheduler steps denoise",
    "Flux2Scheduler": "steps width height",
    "LTXVScheduler": "steps",
    "BetaSamplingScheduler": "steps",
    "KarrasScheduler": "steps",
    "SDTurboScheduler": "steps denoise",
    "ManualSigmas": "sigmas",
    "CLIPTextEncode": "text",
    "CLIPTextEncodeFlux": "clip_l t5xxl",
    "CLIPTextEncodeLumina2": "system_prompt user_prompt",
    "CLIPTextEncodeHiDream": "clip_l clip_g t5xxl llama",
    "CLIPTextEncodeSD3": "clip_l clip_g t5xxl",
    "TextEncodeQwenImageEdit": "prompt",
    "TextEncodeQwenImageEditPlus": "prompt",
    "TextEncodeAceStepAudio": "tags lyrics",
    "TextEncodeAceStepAudio1.5": "tags lyrics",
    "PrimitiveStringMultiline": "value",
    "PrimitiveString": "value",
    "PrimitiveInt": "value",
    "PrimitiveFloat": "value",
    "PrimitiveBoolean": "value",
    "PrimitiveNode": "value",
    "StringConcatenate": "string_a string_b delimiter",
    "StringReplace": "string find replace",
    "ComfySwitchNode": "switch",
}
TEXTS = ("text", "t5xxl", "user_prompt", "prompt", "tags")
FIXED_SAMPLERS = {"SamplerEulerAncestral": "euler_a", "SamplerLCM": "lcm", "SamplerER_SDE": "er_sde"}
OURS = {"euler_ancestral": "euler_a", "uni_pc": "unipc", "uni_pc_bh2": "unipc", "dpmpp_2s_ancestral": "dpmpp_2s_a",
        "dpmpp_2m_sde_gpu": "dpmpp_2m_sde", "dpmpp_sde_gpu": "dpmpp_sde", "dpmpp_3m_sde_gpu": "dpmpp_3m_sde"}
UNKNOWN = object()


class Graph:
    """A graph and the places where it is used."""

    def __init__(self, json_graph, definitions, user=None):
        self.definitions, self.user, self.json = definitions, user, json_graph
        self.nodes = {str(node["id"]): node for node in json_graph["nodes"]}
        self.links = {}
        for link in json_graph.get("links") or []:
            if isinstance(link, dict):
                link = [link[key] for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
            self.links[link[0]] = (str(link[1]), link[2], str(link[3]), link[4])
        self.inside = {}

    def use(self, node):
        if node["id"] not in self.inside:
            self.inside[node["id"]] = Graph(self.definitions[node["type"]], self.definitions, (self, node))
        return self.inside[node["id"]]

    def all(self):
        for node in self.nodes.values():
            if node.get("mode") in (2, 4):
                continue
            if node["type"] in self.definitions:
                yield from self.use(node).all()
            else:
                yield self, node

    def values(self, node):
        names = WIDGETS.get(node["type"], "").split()
        values = node.get("widgets_values") or []
        return dict(zip(names, [value for value in values if value not in AFTER_RUN]))

    def promoted(self, slot):
        """The value of an input where the graph is used."""
        outer, node = self.user
        values = node.get("widgets_values") or []
        with_widget = {item.get("link") for inner in self.json["nodes"] for item in inner.get("inputs", []) if "widget" in item}
        places = [place for place, item in enumerate(self.json["inputs"]) if set(item.get("linkIds") or []) & with_widget]
        if slot in places and len(values) == len(places):
            return values[places.index(slot)]
        return UNKNOWN

    def origin(self, link, depth=0):
        """(graph, node, slot) at the beginning of a link, or a value."""
        if link not in self.links or depth > 60:
            return None
        at, slot = self.links[link][:2]
        if at not in self.nodes:
            outer, node = self.user
            name = self.json["inputs"][slot]["name"]
            item = next((item for item in node.get("inputs", []) if item["name"] == name), None)
            if item is not None and item.get("link") is not None:
                return outer.origin(item["link"], depth + 1)
            return self.promoted(slot)
        node = self.nodes[at]
        if node.get("mode") == 2:
            return None
        if node["type"] == "Reroute":
            return self.origin(node["inputs"][0].get("link"), depth + 1)
        if node.get("mode") == 4:
            kind = node["outputs"][slot]["type"]
            same = [item for item in node.get("inputs", []) if item["type"] == kind]
            placed = [item for item in node.get("inputs", [])[slot:slot + 1] if item["type"] == kind]
            return self.origin((placed or same or [{}])[0].get("link"), depth + 1)
        if node["type"] in self.definitions:
            inner = self.use(node)
            out = str(self.definitions[node["type"]]["outputNode"]["id"])
            for link, (_, _, target, place) in inner.links.items():
                if target == out and place == slot:
                    return inner.origin(link, depth + 1)
            return None
        if node["type"] == "ComfySwitchNode":
            is_true = self.value(node, "switch")
            if not isinstance(is_true, bool):
                return UNKNOWN
            return self.source(node, "on_true" if is_true else "on_false", depth + 1)
        return self, node, slot

    def source(self, node, name, depth=0):
        for item in node.get("inputs", []):
            if item["name"] == name and item.get("link") is not None:
                return self.origin(item["link"], depth)
        return None

    def value(self, node, name, depth=0):
        found = self.source(node, name, depth)
        if found is None or found is UNKNOWN:
            return self.values(node).get(name, UNKNOWN)
        if not isinstance(found, tuple):
            return found
        graph, other, _ = found
        if depth > 60:
            return UNKNOWN
        if other["type"].startswith("Primitive"):
            return graph.value(other, "value", depth + 1)
        if other["type"] == "StringConcatenate":
            parts = [graph.value(other, name, depth + 1) for name in ("string_a", "string_b", "delimiter")]
            return UNKNOWN if UNKNOWN in parts else parts[2].join(part for part in parts[:2] if part)
        if other["type"] == "StringReplace":
            parts = [graph.value(other, name, depth + 1) for name in ("string", "find", "replace")]
            return UNKNOWN if UNKNOWN in parts else parts[0].replace(parts[1], parts[2])
        return UNKNOWN

    def text(self, node, name, depth=0):
        found = self.source(node, name)
        if not isinstance(found, tuple) or depth > 60:
            return None
        graph, other, slot = found
        kind = other["type"]
        if kind == "ConditioningZeroOut":
            return None
        if kind in WIDGETS and "Encode" in kind:
            names = WIDGETS[kind].split()
            return graph.value(other, next(name for name in TEXTS if name in names))
        items = {item["name"] for item in other.get("inputs", []) if item.get("link") is not None}
        if {"positive", "negative"} <= items:
            return graph.text(other, ("positive", "negative")[min(slot, 1)], depth + 1)
        parts = [name for name in ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to",
                                   "conditioning_from", "positive") if name in items]
        if len(parts) == 1:
            return graph.text(other, parts[0], depth + 1)
        return UNKNOWN

    def facts(self, node):
        """What a sampler is told."""
        start, at = self, node
        guider = self.source(node, "guider")
        if isinstance(guider, tuple):
            start, at, _ = guider
        name = "conditioning" if at["type"] == "BasicGuider" else "positive"
        noise = self.source(node, "noise")
        if isinstance(noise, tuple):
            seed = noise[0].value(noise[1], "noise_seed") if noise[1]["type"] == "RandomNoise" else None
        else:
            seed = self.value(node, "seed" if node["type"] == "KSampler" else "noise_seed")
        steps, sampler = self.value(node, "steps"), self.value(node, "sampler_name")
        if node["type"].startswith("SamplerCustom"):
            steps, sampler = UNKNOWN, UNKNOWN
            sigmas = self.source(node, "sigmas")
            while isinstance(sigmas, tuple) and isinstance(sigmas[0].source(sigmas[1], "sigmas"), tuple):
                sigmas = sigmas[0].source(sigmas[1], "sigmas")
            if isinstance(sigmas, tuple) and sigmas[1]["type"] == "ManualSigmas":
                steps = len(sigmas[0].value(sigmas[1], "sigmas").split(",")) - 1
            elif isinstance(sigmas, tuple):
                steps = sigmas[0].value(sigmas[1], "steps")
            select = self.source(node, "sampler")
            if isinstance(select, tuple):
                fixed = FIXED_SAMPLERS.get(select[1]["type"])
                sampler = fixed or select[0].value(select[1], "sampler_name")
        return {"prompt": start.text(at, name), "seed": seed, "steps": steps, "sampler": OURS.get(sampler, sampler)}


SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced")
LATENTS = ("latent_image", "samples", "latent", "pixels", "image", "images", "video_latent", "av_latent", "video",
           "audio", "base_samples", "latent_1", "batch")


def behind(graph, node, seen):
    """All samplers that a node's pictures come from, the nearest first."""
    if (id(graph), node["id"]) in seen:
        return []
    seen.add((id(graph), node["id"]))
    found = []
    for item in node.get("inputs", []):
        if item["type"] not in ("LATENT", "IMAGE", "VIDEO", "AUDIO", "MESH", "VOXEL", "*") and item["name"] not in LATENTS:
            continue
        source = graph.source(node, item["name"])
        if not isinstance(source, tuple):
            continue
        if source[1]["type"] in SAMPLERS:
            found.append(source[:2])
        found += behind(*source[:2], seen)
    return found


def expected(template):
    """What may be said of a template: facts of the samplers behind what it saves; none if that is not in the graph."""
    definitions = {one["id"]: one for one in (template.get("definitions") or {}).get("subgraphs") or []}
    graph = Graph(template, definitions)
    samplers = []
    for place, node in graph.all():
        if node["type"].startswith(("Save", "Preview")):
            samplers += behind(place, node, set())
    facts, first = [], []
    for place, node in samplers:
        told = place.facts(node)
        if told["seed"] is None or not isinstance(told["prompt"], str) or not told["prompt"].strip():
            continue
        facts.append(told)
        if not behind(place, node, set()):
            first.append(told)
    return first or facts


def png(text):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * 24 for _ in range(8)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
            + chunk(b"iTXt", b"workflow\0\0\0\0\0" + text.encode()) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def templates(path):
    if path.is_dir():
        files = ((file.name, file.read_text(encoding="utf-8")) for file in sorted(path.rglob("*.json")))
    else:
        archive = zipfile.ZipFile(path)
        names = sorted(name for name in archive.namelist() if name.endswith(".json"))
        files = ((Path(name).name, archive.read(name).decode()) for name in names)
    for name, text in files:
        template = json.loads(text)
        if isinstance(template, dict) and "nodes" in template:
            yield name, text, template


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--all", action="store_true", help="print those that are right too")
    parser.add_argument("templates", type=Path)
    args = parser.parse_args()
    counts = {"right": 0, "missing": 0, "wrong": 0}
    with tempfile.TemporaryDirectory() as folder:
        gallery, wanted = Path(folder) / "gallery", {}
        gallery.mkdir()
        for name, text, template in templates(args.templates):
            facts = expected(template)
            if facts:
                wanted[f"{name[:-5]}.png"] = facts
                (gallery / f"{name[:-5]}.png").write_bytes(png(text))
        env = {"HOME": folder, "PATH": ""}
        for command in ("reindex", "list"):
            run = [args.bin, "gallery", command, "--gallery", str(gallery), "--json"]
            run += ["--limit", "100000"] if command == "list" else []
            done = subprocess.run(run, env=env, capture_output=True, text=True, check=True)
        found = {Path(line["path"]).name: line for line in map(json.loads, done.stdout.splitlines()) if "path" in line}
        for name, facts in wanted.items():
            got = {key: found.get(name, {}).get(key) for key in facts[0]}
            outcomes = []
            for told in facts:
                outcome, why = "right", []
                for key, value in told.items():
                    said = got[key]
                    value = value.strip() if key == "prompt" else value
                    said = said.strip() if isinstance(said, str) else said
                    if value is UNKNOWN or said == value:
                        continue
                    is_missing = said in (None, "")
                    outcome = "wrong" if not is_missing or outcome == "wrong" else "missing"
                    why.append(f"{key} {str(value)[:60]!r} found {str(said)[:60]!r}")
                outcomes.append((len(why), outcome, why))
            _, outcome, why = min(outcomes, key=lambda one: one[0])
            counts[outcome] += 1
            if why or args.all:
                print(f"{outcome:8}{name}: {'; '.join(why)}")
    total = sum(counts.values())
    share = 100 * counts["right"] / max(total, 1)
    print(f"{total} templates: {counts['right']} right ({share:.1f} %), {counts['missing']} with something missing, "
          f"{counts['wrong']} with something wrong")
    sys.exit(0 if share >= 95 and not counts["wrong"] else 1)


if __name__ == "__main__":
    main()
