"""Learns a small CLIP-format byte-pair vocabulary from our captions and writes `tokenizer/`.

    python tokenizer.py --out RUN/tokenizer

Merges are learned until every English word of the captions is one token, and as many again as `--japanese` says for the
Japanese ones; other text falls apart into bytes.
"""

import argparse
import collections
import json
import pathlib
import re

import numpy as np

import captions

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
MORE = """the of and to with without at an is are very big small large little old new dark light sky sun clouds star river water wave
waves hill grass leaf leaves garden road bridge boat ship castle bird dog horse mountain ocean lake island night morning evening summer winter
spring autumn painting drawing sketch photo picture image style art colour color colorful bright warm cold soft blurry ugly low quality
bad worst text watermark frame nobody one two three many some few left right front behind under above near far""".split()


def byte_characters():
    """The printable stand-ins of the 256 bytes, in CLIP's order."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    chars = [chr(b) for b in keep]
    rest = [b for b in range(256) if b not in keep]
    return keep + rest, chars + [chr(256 + i) for i in range(len(rest))]


def words_of(text):
    """Words as CLIP's pattern splits them: runs of letters (of any script), single digits, runs of other signs."""
    return re.findall(r"[^\W\d_]+|\d|[^\s\w]+", text.lower())


def in_bytes(word, table):
    return "".join(table[b] for b in word.encode())


def learn(counts, limit=10**9):
    """Merges, most frequent pair first (ties by spelling), until every word is whole or there are `limit` of them."""
    words = {w: tuple(w[:-1]) + (w[-1] + "</w>",) for w in counts}
    merges = []
    while len(merges) < limit:
        pairs = collections.Counter()
        for w, parts in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[w]
        if not pairs:
            return merges
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for w, parts in words.items():
            out, i = [], 0
            while i < len(parts):
                if parts[i:i + 2] == best:
                    out.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    out.append(parts[i])
                    i += 1
            words[w] = tuple(out)
    return merges


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--captions", type=int, default=30000)
    ap.add_argument("--japanese", type=int, default=420, help="merges for Japanese")
    args = ap.parse_args()
    counts, japanese = collections.Counter(), collections.Counter()
    table = dict(zip(*byte_characters()))
    for i in range(args.captions):
        rng = np.random.default_rng([i, 2])
        for w in words_of(captions.caption(captions.random_spec(rng), rng)):
            if w.isascii() and w.isalpha():
                counts[w] += 1
            elif not w.isascii():
                japanese[in_bytes(w, table)] += 1
    counts.update(w for w in MORE if w not in counts)
    merges = learn(counts)
    english = len(merges)
    merges += learn(japanese, args.japanese)
    chars = byte_characters()[1]
    vocab = chars + [c + "</w>" for c in chars] + ["".join(m) for m in merges] + [BOS, EOS]
    assert len(set(vocab)) == len(vocab)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(vocab)}, ensure_ascii=False))
    (args.out / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {k: {"content": v, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
               for k, v in (("bos_token", BOS), ("eos_token", EOS), ("unk_token", EOS))}
    special["pad_token"] = EOS
    (args.out / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    config = {"add_prefix_space": False, "bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": EOS, "do_lower_case": True,
              "errors": "replace", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    (args.out / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    print(len(counts), "words", english, "+", len(merges) - english, "merges", len(vocab), "tokens")


if __name__ == "__main__":
    main()
