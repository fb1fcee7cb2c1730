"""Time of a training step of the `tutorial` network in PyTorch: eager, compiled, and captured in a CUDA graph.

One JSON object a line. Median of single steps, timed with CUDA events after a warm-up; the batch lies on the device.
"""
import json
import statistics
import sys

import torch
from torch import nn
from torch.nn import functional as F

WARM_UP = 50
STEPS = 300


class Tutorial(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.conv3 = nn.Conv2d(64, 64, 3)
        self.dense1 = nn.Linear(576, 64)
        self.dense2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.conv3(x)).flatten(1)
        return self.dense2(F.relu(self.dense1(x)))


def trainer(batch, compiled=None, capturable=False):
    """A function that trains one step."""
    images = torch.rand(batch, 1, 28, 28, device="cuda").to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,), device="cuda")
    network = Tutorial().cuda().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), fused=True, capturable=capturable)
    forward = torch.compile(network, mode=compiled) if compiled else network

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(forward(images), labels).backward()
        optimizer.step()

    return step


def graphed(batch):
    """A whole step captured in one CUDA graph."""
    step = trainer(batch, capturable=True)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def median_us(step):
    for _ in range(WARM_UP):
        step()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(STEPS)]
    for start, end in events:
        start.record()
        step()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(end) * 1000 for start, end in events)


VARIANTS = {
    "eager": trainer,
    "compile": lambda batch: trainer(batch, "default"),
    "compile, reduce-overhead": lambda batch: trainer(batch, "reduce-overhead"),
    "CUDA graph": graphed,
}

for tf32 in (False, True):
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    for batch_size in (64, 1024):
        for name, make in VARIANTS.items():
            result = {"variant": name, "precision": "tf32" if tf32 else "float32", "batchSize": batch_size}
            try:
                result["medianUs"] = median_us(make(batch_size))
            except Exception as error:  # a variant that this PyTorch lacks must not hide the others
                result["error"] = str(error).splitlines()[0]
            print(json.dumps({**result, "torch": torch.__version__}), flush=True)
sys.exit(0)
