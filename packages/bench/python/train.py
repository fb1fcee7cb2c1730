"""Trains and evaluates Convoy's networks with PyTorch: python3 train.py workload.json result.json"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

try:
    import resource
except ImportError:  # Windows
    resource = None

LOSSES_KEPT = 20
MOST_EVALUATIONS = 5
EVALUATION_BUDGET_S = 2.0


class FlattenChannelsLast(nn.Module):
    """[N,C,H,W] to [N,H*W*C]: the order in which Keras' dense weights expect the pixels."""

    def forward(self, images):
        return images.permute(0, 2, 3, 1).flatten(1)


def build_network(model):
    last = [nn.Conv2d(64, 64, 3), nn.ReLU()] if model == "tutorial" else []
    flat = 3 * 3 * 64 if model == "tutorial" else 5 * 5 * 64
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        *last,
        FlattenChannelsLast(),
        nn.Linear(flat, 64), nn.ReLU(),
        nn.Linear(64, 10),
    )  # fmt: skip


def load_weights(network, path, shapes):
    """Copies Keras' layout, kernels [KH,KW,C,F] and [inputs, units], into PyTorch's: [F,C,KH,KW] and [units, inputs]."""
    flat = np.fromfile(path, dtype=np.float32)
    offset = 0
    with torch.no_grad():
        for parameter, shape in zip(network.parameters(), shapes, strict=True):
            size = int(np.prod(shape))
            values = torch.from_numpy(flat[offset : offset + size].reshape(shape))
            order = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[len(shape)]
            parameter.copy_(values.permute(order))
            offset += size


def load_images(files):
    """Images as [N,1,28,28] float32 in [0, 1], labels as int64."""
    pixels = np.fromfile(files["images"], dtype=np.uint8).reshape(-1, 1, 28, 28)
    images = torch.from_numpy(pixels).to(torch.float32).div_(255)
    labels = torch.from_numpy(np.fromfile(files["labels"], dtype=np.int32)).long()
    return images.contiguous(memory_format=torch.channels_last), labels


def train(network, images, labels, epochs, batch_size):
    """Adam as Keras has it. Returns losses, milliseconds of each step, and microseconds a sample of each epoch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
    network.train()
    losses, step_ms, epoch_us = [], [], []
    for epoch in range(epochs):
        start = time.perf_counter()
        seen = 0
        order = torch.randperm(len(images))
        for batch in order.split(batch_size):
            step_start = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(network(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            now = time.perf_counter()
            losses.append(loss.detach())
            step_ms.append((now - step_start) * 1000)
            seen += len(batch)
            if len(step_ms) == 1:
                # The first step builds kernels and memory pools.
                start, seen = now, 0
        if seen > 0:
            epoch_us.append((time.perf_counter() - start) * 1e6 / seen)
        print(f"pytorch: epoch {epoch + 1}/{epochs}, loss {float(losses[-1]):.4f}", flush=True)
    return [float(loss) for loss in losses[:LOSSES_KEPT]], step_ms, epoch_us


def evaluate(network, images, labels, batch_size):
    """Evaluates several times where that is quick. Returns accuracy and the microseconds a sample of each time."""
    network.eval()
    sample_us = []
    begin = time.perf_counter()
    with torch.inference_mode():
        while not sample_us or (len(sample_us) <= MOST_EVALUATIONS and time.perf_counter() - begin < EVALUATION_BUDGET_S):
            start = time.perf_counter()
            right = 0
            for batch, wanted in zip(images.split(batch_size), labels.split(batch_size), strict=True):
                right += int((network(batch).argmax(1) == wanted).sum())
            sample_us.append((time.perf_counter() - start) * 1e6 / len(images))
    return right / len(images), sample_us


def peak_bytes():
    """Most memory that the process has held; None where it cannot be asked."""
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main():
    workload_path, result_path = map(Path, sys.argv[1:])
    workload = json.loads(workload_path.read_text())
    torch.set_num_threads(workload["threads"])
    torch.manual_seed(workload["seed"])
    train_images, train_labels = load_images(workload["train"])
    test_images, test_labels = load_images(workload["test"])
    with_data = peak_bytes()
    network = build_network(workload["model"])
    load_weights(network, workload["weights"], workload["weightShapes"])
    network = network.to(memory_format=torch.channels_last)
    batch_size = workload["batchSize"]
    losses, step_ms, epoch_us = train(network, train_images, train_labels, workload["epochs"], batch_size)
    accuracy, sample_us = evaluate(network, test_images, test_labels, batch_size)
    result = {
        "device": f"PyTorch {torch.__version__} CPU, {torch.get_num_threads()} threads",
        "losses": losses,
        "stepMs": step_ms,
        "epochUsPerSample": epoch_us,
        "testAccuracy": accuracy,
        "evaluationUsPerSample": sample_us,
        "peakMemoryBytes": None if with_data is None else peak_bytes() - with_data,
    }
    result_path.write_text(json.dumps(result))


main()
