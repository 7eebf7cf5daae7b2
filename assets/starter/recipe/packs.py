"""Pictures in packs: JPEG of quality 95 without colour subsampling, 500 to a file, with an index beside it."""

import pathlib

import cv2
import numpy as np

PER_PACK = 500
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


class Writer:
    """Appends pictures; packs that are whole are kept when a run starts again."""

    def __init__(self, folder, first_seed):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "first_seed").write_text(str(first_seed))
        self.done = len(list(self.folder.glob("*.npy"))) * PER_PACK
        self.blobs = []

    def add(self, picture):
        self.blobs.append(cv2.imencode(".jpg", picture[:, :, ::-1], JPEG)[1].tobytes())
        self.done += 1
        if len(self.blobs) == PER_PACK:
            self.close()

    def close(self):
        if not self.blobs:
            return
        name = self.folder / f"{(self.done - 1) // PER_PACK:04d}"
        name.with_suffix(".bin").write_bytes(b"".join(self.blobs))
        np.save(name.with_suffix(".npy"), np.cumsum([0] + [len(b) for b in self.blobs]))
        self.blobs = []


class Pack:
    """Random access to all pictures of a folder."""

    def __init__(self, folder, limit=None):
        self.folder = pathlib.Path(folder)
        self.first_seed = int((self.folder / "first_seed").read_text())
        names = sorted(self.folder.glob("*.npy"))
        self.index = [np.load(n) for n in names]
        if any(len(i) != PER_PACK + 1 for i in self.index[:-1]):
            raise ValueError("a pack in the middle is not full")
        self.files = [np.memmap(n.with_suffix(".bin"), np.uint8, "r") for n in names]
        n = sum(len(i) - 1 for i in self.index)
        self.length = min(n, limit) if limit else n

    def __len__(self):
        return self.length

    def __getitem__(self, k):
        p, i = divmod(int(k), PER_PACK)
        a, b = self.index[p][i:i + 2]
        return cv2.imdecode(self.files[p][a:b], cv2.IMREAD_COLOR_RGB)

    def half(self, k):
        """The picture at 128x128, which is faster to decode."""
        p, i = divmod(int(k), PER_PACK)
        a, b = self.index[p][i:i + 2]
        return cv2.imdecode(self.files[p][a:b], cv2.IMREAD_REDUCED_COLOR_2)[:, :, ::-1]

    def seed(self, k):
        return self.first_seed + int(k)
