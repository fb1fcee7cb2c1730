"""Trains and evaluates a network with PyTorch on request: python3 serve.py workload.json

A line of JSON in, a line of JSON out: {"do": "train", "first": 0, "steps": 10}, {"do": "evaluate", "samples": 1000},
{"do": "memory"}. Errors come as {"error": "..."}.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from network import Network

try:
    import resource
except ImportError:  # Windows
    resource = None

FORMATS = {"channels last": torch.channels_last, "channels first": torch.contiguous_format}


TRIAL_STEPS = 3


def load_weights(path, shapes):
    flat = np.fromfile(path, dtype=np.float32)
    weights, offset = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        weights.append(torch.from_numpy(flat[offset : offset + size].reshape(shape).copy()))
        offset += size
    return weights


def load_images(files):
    """Bytes [N,H,W,C] and labels as int64."""
    pixels = np.fromfile(files["images"], dtype=np.uint8).reshape(files["shape"])
    return torch.from_numpy(pixels), torch.from_numpy(np.fromfile(files["labels"], dtype=np.int32)).long()


def peak_bytes():
    """Most memory that the process has held; None where it cannot be asked."""
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Session:
    """A network at its first weights, in one memory format."""

    def __init__(self, workload, data, memory_format):
        self.batch_size = workload["batchSize"]
        self.format = FORMATS[memory_format]
        self.scale = workload["scale"]
        (self.train_images, self.train_labels), (self.test_images, self.test_labels), self.with_data = data
        weights = load_weights(workload["weights"], workload["weightShapes"])
        self.network = Network(workload["steps"], weights).to(memory_format=self.format)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        self.steps_done = 0

    def batch(self, images, first, count):
        """Images [N,C,H,W] in [0, 1], in the memory format."""
        pixels = images[first : first + count].permute(0, 3, 1, 2)
        return pixels.to(torch.float32, memory_format=self.format).mul_(self.scale)

    def update(self):
        """A step of Adam as Keras has it: there epsilon is added before the second moment is corrected, in PyTorch after."""
        self.steps_done += 1
        group = self.optimizer.param_groups[0]
        group["eps"] = 1e-7 / math.sqrt(1 - group["betas"][1] ** self.steps_done)
        self.optimizer.step()

    def train(self, first, steps):
        self.network.train()
        losses, durations = [], []
        for step in range(steps):
            start = time.perf_counter()
            begin = first + step * self.batch_size
            images = self.batch(self.train_images, begin, self.batch_size)
            labels = self.train_labels[begin : begin + self.batch_size]
            self.optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(self.network(images), labels)
            loss.backward()
            self.update()
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"the loss of step {self.steps_done} is {losses[-1]}")
            durations.append((time.perf_counter() - start) * 1000)
        return {"losses": losses, "durationsMs": durations}

    def evaluate(self, samples):
        self.network.eval()
        hits = 0
        start = time.perf_counter()
        with torch.inference_mode():
            for first in range(0, samples, self.batch_size):
                count = min(self.batch_size, samples - first)
                predicted = self.network(self.batch(self.test_images, first, count)).argmax(1)
                hits += int((predicted == self.test_labels[first : first + count]).sum())
        return {"hits": hits, "durationMs": (time.perf_counter() - start) * 1000}

    def memory(self):
        return {"bytes": None if self.with_data is None else peak_bytes() - self.with_data}


def faster_format(workload, data):
    """The memory format in which a few steps take less time: which one that is depends on the network."""

    def step_ms(memory_format):
        session = Session(workload, data, memory_format)
        session.train(0, 1)
        return sorted(session.train(0, 1)["durationsMs"][0] for _ in range(TRIAL_STEPS))[TRIAL_STEPS // 2]

    return min(FORMATS, key=step_ms)


def main():
    workload = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(workload["threads"])
    data = (load_images(workload["train"]), load_images(workload["test"]), peak_bytes())
    memory_format = faster_format(workload, data)
    torch.manual_seed(workload["seed"])
    session = Session(workload, data, memory_format)
    device = f"PyTorch {torch.__version__} CPU, {torch.get_num_threads()} threads, {memory_format}"
    print(json.dumps({"device": device}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(session, request.pop("do"))(**request)
        except Exception as error:  # What goes wrong is the caller's to show.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
