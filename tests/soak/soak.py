#!/usr/bin/env python3
"""Uses the real window at random for as long as it is told, and measures what it keeps.

    pip install python-xlib
    tests/soak/soak.py [--binary target/release/hareru] [--minutes 60] [--seed 1]

Needs Xvfb and a Vulkan driver (mesa-vulkan-drivers serves). The window runs with a home folder of its own. Commands go
through its list of commands (Ctrl+K), which knows their English names in either language.

After the first sixth of the time, and at the end, the window is brought to rest, and what it holds is compared: resident
memory, file descriptors, threads. All the time it is asked whether it answers (_NET_WM_PING, which its event loop
answers between two frames). At the end it is closed, and `hareru gallery verify` reads every picture.

The exit code is 0 if all that was promised holds. Figures are printed as JSON.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from Xlib import X, XK, display
from Xlib.ext import xtest
from Xlib.protocol import event

# What is promised.
MAX_RSS_GROWTH = 0.02
MAX_ANSWER_S = 0.2
MAX_CLOSE_S = 2.0

WIDTH, HEIGHT = 1280, 800
# The name of the program, which does nothing.
NOWHERE = (36, 20)
# Where the list of commands opens, and nothing else moves: left, top, width, height.
LIST = (560, 55, 200, 4)
# Controls that no command reaches, at that size.
PROMPT = (160, 104)
LANGUAGE = (1211, 20)
THEME = (676, 168)
THEMES = {"dark": (640, 201), "light": (640, 231), "system": (640, 261)}

# Every run has few steps, so that much happens.
STEPS = 6
WORDS = "lighthouse sea sunset mountain forest snow balloon cat window night paper vector oil mist".split()
SEARCHES = ["lighthouse", "rating>=3", "is:favourite", "-sea", "steps=6 forest", "no such picture", "seed>5", ""]


class Display:
    """The virtual screen, its pointer and its keyboard."""

    def __init__(self):
        read_fd, write_fd = os.pipe()
        screen = f"{WIDTH}x{HEIGHT}x24"
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
            pass_fds=[write_fd],
            stderr=subprocess.DEVNULL,
        )
        os.close(write_fd)
        with os.fdopen(read_fd) as told:
            self.name = ":" + told.readline().strip()
        self.display = display.Display(self.name)
        self.root = self.display.screen().root

    def window(self):
        """The window, once it is shown."""
        for _ in range(600):
            for child in self.root.query_tree().children:
                if (child.get_wm_name() or "").startswith("Hareru"):
                    return child
            time.sleep(0.1)
        raise SystemExit("the window did not open within a minute")

    def key(self, name, *held):
        self.press([self.display.keysym_to_keycode(XK.string_to_keysym(key)) for key in (*held, name)])

    def type(self, text):
        shift = self.display.keysym_to_keycode(XK.XK_Shift_L)
        for letter in text:
            # Of Latin letters, the keysym is the code point.
            (code, place), *_ = self.display.keysym_to_keycodes(ord(letter))
            self.press([shift, code] if place == 1 else [code])

    def pixels(self, area):
        return self.root.get_image(*area, X.ZPixmap, 0xFFFFFFFF).data

    def press(self, codes):
        for code in codes:
            xtest.fake_input(self.display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self.display, X.KeyRelease, code)
        self.display.sync()
        time.sleep(0.03)

    def click(self, at):
        xtest.fake_input(self.display, X.MotionNotify, x=at[0], y=at[1])
        self.display.sync()
        time.sleep(0.05)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self.display, kind, 1)
            self.display.sync()
            time.sleep(0.05)
        time.sleep(0.1)


class Pings(threading.Thread):
    """Asks the window ten times a second whether it answers, over a connection of its own."""

    def __init__(self, name, window_id):
        super().__init__(daemon=True)
        self.display = display.Display(name)
        self.root = self.display.screen().root
        self.root.change_attributes(event_mask=X.SubstructureNotifyMask)
        self.window = self.display.create_resource_object("window", window_id)
        self.protocols = self.display.intern_atom("WM_PROTOCOLS")
        self.ping = self.display.intern_atom("_NET_WM_PING")
        self.answers_s = []
        self.slow = []
        self.is_over = False

    def run(self):
        began = time.monotonic()
        number = 0
        while not self.is_over:
            number += 1
            data = (32, [self.ping, number, self.window.id, 0, 0])
            message = event.ClientMessage(window=self.window, client_type=self.protocols, data=data)
            asked = time.monotonic()
            self.window.send_event(message)
            self.display.flush()
            while not self.is_over and not self.is_answer(number):
                pass
            answer_s = time.monotonic() - asked
            if self.is_over:
                return
            self.answers_s.append(answer_s)
            if answer_s > MAX_ANSWER_S:
                self.slow.append({"minute": round((asked - began) / 60, 2), "seconds": round(answer_s, 3)})
            time.sleep(max(0.0, 0.1 - answer_s))

    def is_answer(self, number):
        if not self.display.pending_events():
            time.sleep(0.002)
            return False
        found = self.display.next_event()
        if found.type != X.ClientMessage or found.client_type != self.protocols:
            return False
        return found.data[1][0] == self.ping and found.data[1][1] == number


class Window:
    """The program under test, and what is done with it."""

    def __init__(self, binary, home, screen, chance):
        self.binary, self.home, self.screen, self.chance = binary, home, screen, chance
        self.gallery = home / "gallery"
        self.settings = home / ".config/hareru/settings.json"
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "WAYLAND_", "HF_"))
        }
        self.environment |= {"HOME": str(home), "DISPLAY": screen.name, "XDG_RUNTIME_DIR": str(home / "run")}
        (home / "run").mkdir(mode=0o700)
        session = self.settings.with_name("session.json")
        session.parent.mkdir(parents=True)
        session.write_text(json.dumps({"version": 1, "form": {"request": {"steps": STEPS}}}))
        self.process = subprocess.Popen(
            [binary, "--gallery", str(self.gallery)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=(home / "stderr.txt").open("w"),
        )
        self.window = screen.window()
        self.counts = {}
        time.sleep(3)
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)  # there is no window manager to do it
        time.sleep(0.5)

    def command(self, name):
        """Carries out a command by its English name; one that cannot act now does nothing."""
        before = self.screen.pixels(LIST)
        self.screen.key("k", "Control_L")
        # What is typed before the list is shown would be keys of the page.
        for _ in range(100):
            if self.screen.pixels(LIST) != before:
                break
            time.sleep(0.01)
        time.sleep(0.2)
        self.screen.type(name)
        time.sleep(0.1)
        self.screen.key("Return")
        time.sleep(0.3)
        self.screen.click(NOWHERE)  # closes the list if the command could not act
        time.sleep(0.2)

    def commands(self, *names):
        for name in names:
            self.command(name)

    def search_for(self, text):
        self.command("Gallery")
        self.screen.key("f", "Control_L")
        time.sleep(0.4)
        self.screen.key("a", "Control_L")
        self.screen.key("BackSpace")
        self.screen.type(text)
        self.screen.key("Return")
        time.sleep(0.2)
        self.screen.click(NOWHERE)

    # What a user may do next. Each is a whole act: it finds its page by itself.

    def generate(self):
        self.command("Studio")
        self.screen.click(PROMPT)
        self.screen.key("a", "Control_L")
        self.screen.type(" ".join(self.chance.sample(WORDS, self.chance.randint(2, 6))))
        self.command("Generate")
        self.rest(1, 6)

    def branch(self):
        self.commands("Studio", "First step", "Next step", "Next step", "Branch here", "Generate")
        self.rest(1, 4)

    def sweep(self):
        self.commands("Studio", "Four to choose from")
        self.rest(2, 12)
        self.commands("Studio", "Back to the sweep", "Close")

    def stop(self):
        self.command("Studio")
        self.screen.key("Escape")

    def look(self):
        self.commands("Studio", *self.chance.sample(["First step", "Next view", "Play or pause", "Loop", "Last step"], 3))

    def delete(self):
        self.commands("Gallery", "First picture")
        for _ in range(self.chance.randint(0, 5)):
            self.command("Picture after")
        self.command("Move to trash")
        self.rest(0, 1)
        if self.chance.random() < 0.5:
            self.undo()

    def undo(self):
        self.commands("Gallery", "Undo")

    def mark(self):
        stars = self.chance.choice(["No stars", "1 star", "3 stars", "5 stars"])
        self.commands("Gallery", "Picture after", stars, "Favourite")

    def search(self):
        self.search_for(self.chance.choice(SEARCHES))
        self.rest(0, 1)

    def compare(self):
        self.commands("Gallery", "First picture", "Choose to the right", "Choose to the right")
        self.screen.key("c")
        self.rest(1, 2)
        self.commands("Next way", "Swap", "Next step", "Clear")

    def open(self):
        self.commands("Gallery", "First picture", "Picture after", "Open in the studio")
        self.rest(0, 2)
        self.commands("First step", "Next step")

    def queue(self):
        self.commands("Queue", "Pause queue", "Select the job below", "Duplicate", "Pause queue", "Clear list")

    def language(self):
        before = self.setting("language")
        self.screen.click(LANGUAGE)
        self.rest(1, 1)
        if self.setting("language") != before:
            self.count("language changed")

    def theme(self):
        before = self.setting("theme") or "dark"
        self.command("Settings")
        self.screen.click(THEME)
        self.screen.click(THEMES[self.chance.choice([name for name in THEMES if name != before])])
        self.rest(1, 1)
        if self.setting("theme") != before:
            self.count("theme changed")

    ACTS = {
        generate: 8, branch: 3, sweep: 2, stop: 1, look: 2, delete: 3, undo: 1, mark: 2, search: 3, compare: 2, open: 2,
        queue: 1, language: 2, theme: 2,
    }  # fmt: skip

    def act(self):
        act = self.chance.choices(list(self.ACTS), weights=list(self.ACTS.values()))[0]
        self.count(act.__name__)
        act(self)
        if self.process.poll() is not None:
            raise SystemExit(f"the window ended by itself after {act.__name__}: {self.process.returncode}")

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def setting(self, name):
        try:
            return json.loads(self.settings.read_text())[name]
        except (OSError, KeyError):
            return None

    def rest(self, least_s, most_s):
        time.sleep(self.chance.uniform(least_s, most_s))

    def held(self):
        """What the program holds now: MiB of memory, file descriptors, threads."""
        process = Path("/proc") / str(self.process.pid)
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return {
            "rss_mib": int(fields["VmRSS"].split()[0]) / 1024,
            "fds": len(list((process / "fd").iterdir())),
            "threads": int(fields["Threads"]),
        }

    def held_at_rest(self):
        """The same once nothing runs, nothing waits and the empty studio is shown; the middle of several looks."""
        self.commands("Queue", "Clear waiting", "Clear list")
        self.search_for("")
        self.commands("Compare", "Clear", "Studio", "Stop", "Close", "Leave the branch")
        time.sleep(30)
        looks = []
        for _ in range(10):
            looks.append(self.held())
            time.sleep(1)
        return {name: statistics.median(look[name] for look in looks) for name in looks[0]}

    def close(self):
        """Asks the window to close; how long it took, in seconds."""
        protocols = self.screen.display.intern_atom("WM_PROTOCOLS")
        delete = self.screen.display.intern_atom("WM_DELETE_WINDOW")
        data = (32, [delete, 0, 0, 0, 0])
        self.window.send_event(event.ClientMessage(window=self.window, client_type=protocols, data=data))
        self.screen.display.flush()
        began = time.monotonic()
        self.process.wait(timeout=120)
        return time.monotonic() - began

    def verify(self):
        """What `gallery verify` says of the folder that is left."""
        command = [self.binary, "--gallery", str(self.gallery), "gallery", "verify"]
        found = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return found.returncode, (found.stdout + found.stderr).strip()


def spread(seconds):
    """Of sorted times: some of them, in milliseconds."""
    shares = {"median": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1}
    last = len(seconds) - 1
    return {name: round(1000 * seconds[min(last, int(len(seconds) * share))], 1) for name, share in shares.items()}


def soak(options, home):
    screen = Display()
    chance = random.Random(options.seed)
    window = Window(options.binary, home, screen, chance)
    pings = Pings(screen.name, window.window.id)
    pings.start()
    began = time.monotonic()
    end = began + options.minutes * 60
    warm = began + options.minutes * 10  # the first ten minutes of an hour
    first, samples = None, []
    try:
        while time.monotonic() < end:
            window.act()
            samples.append({"minute": round((time.monotonic() - began) / 60, 2), **window.held()})
            if first is None and time.monotonic() > warm:
                first = window.held_at_rest()
        last = window.held_at_rest()
        pings.is_over = True
        close_s = window.close()
    finally:
        window.process.kill()
        screen.server.terminate()
    verify_code, verify_text = window.verify()
    answers = sorted(pings.answers_s)
    log = home / ".local/share/hareru/logs/hareru.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    figures = {
        "minutes": options.minutes,
        "seed": options.seed,
        "acts": window.counts,
        "pictures": sum(1 for path in window.gallery.rglob("*.png") if ".hareru" not in path.parts),
        "pictures_in_trash": sum(1 for path in home.rglob("Trash/files/*.png")),
        "first": first,
        "last": last,
        "rss_growth": round(last["rss_mib"] / first["rss_mib"] - 1, 4),
        "highest_rss_mib": round(max(sample["rss_mib"] for sample in samples)),
        "pings": len(answers),
        "answer_ms": spread(answers),
        "slow_answers": pings.slow[:50],
        "close_s": round(close_s, 2),
        "exit_code": window.process.returncode,
        "verify": verify_text,
        "parts_left": [str(path) for path in home.rglob("*.part")],
        "errors_in_log": [line for line in lines if " ERROR " in line or "panicked" in line][:20],
    }
    changed = window.counts
    faults = [
        text
        for is_fault, text in [
            (figures["rss_growth"] > MAX_RSS_GROWTH, "memory grew"),
            (last["fds"] > first["fds"], "file descriptors grew"),
            (last["threads"] > first["threads"], "threads grew"),
            (answers[-1] > MAX_ANSWER_S, "the window kept its user waiting"),
            (close_s > MAX_CLOSE_S, "closing took long"),
            (window.process.returncode != 0, "the program did not end well"),
            (verify_code != 0, "not every picture is whole"),
            (figures["parts_left"], "files were left half written"),
            (figures["errors_in_log"], "the log has errors"),
            (figures["pictures"] == 0, "no picture was made"),
            (not changed.get("language changed") or not changed.get("theme changed"), "a setting never changed"),
        ]
        if is_fault
    ]
    (home / "samples.json").write_text(json.dumps(samples))
    return {**figures, "faults": faults}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--binary", default="target/release/hareru", type=os.path.abspath)
    parser.add_argument("--minutes", default=60.0, type=float)
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="hareru-soak-"))
    print(f"everything is kept in {home}", file=sys.stderr)
    figures = soak(options, home)
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    (home / "figures.json").write_text(text)
    print(text)
    sys.exit(1 if figures["faults"] else 0)


if __name__ == "__main__":
    main()
