"""Convoy's networks in PyTorch, from the steps of a model: layers with Keras' options, inputs by name."""

import torch
from torch import nn
from torch.nn import functional

ACTIVATIONS = {
    "linear": lambda x: x,
    # The last softmax belongs to the loss, which takes logits.
    "softmax": lambda x: x,
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def same_padding(size, kernel, stride):
    """Rows before and after, as TensorFlow pads: the odd one behind."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def pad_same(images, kernel, strides, value=0.0):
    """Images [N,C,H,W] with what "same" adds."""
    top, bottom = same_padding(images.shape[2], kernel[0], strides[0])
    left, right = same_padding(images.shape[3], kernel[1], strides[1])
    if top == bottom == left == right == 0:
        return images
    return functional.pad(images, (left, right, top, bottom), value=value)


class Convolution(nn.Module):
    """Conv2D and DepthwiseConv2D."""

    def __init__(self, config, kernel, bias, depthwise):
        super().__init__()
        self.depthwise = depthwise
        self.strides = config["strides"]
        self.dilation = config["dilationRate"]
        self.size = config["kernelSize"]
        self.same = config["padding"] == "same"
        # Pads by itself where both sides get the same: a call less.
        self.even = self.same and self.strides == [1, 1] and self.dilation == [1, 1] and all(k % 2 for k in self.size)
        if depthwise:
            height, width, channels, multiplier = kernel.shape
            values = kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
            self.groups = channels
        else:
            values = kernel.permute(3, 2, 0, 1)
            self.groups = config.get("groups", 1)
        self.weight = nn.Parameter(values.contiguous())
        self.bias = None if bias is None else nn.Parameter(bias)
        self.activation = ACTIVATIONS[config["activation"]]

    def forward(self, images):
        padding = [k // 2 for k in self.size] if self.even else 0
        if self.same and not self.even:
            reach = [(k - 1) * d + 1 for k, d in zip(self.size, self.dilation)]
            images = pad_same(images, reach, self.strides)
        result = functional.conv2d(
            images, self.weight, self.bias, self.strides, padding, self.dilation, self.groups
        )
        return self.activation(result)


class Dense(nn.Module):
    def __init__(self, config, kernel, bias):
        super().__init__()
        self.weight = nn.Parameter(kernel.t().contiguous())
        self.bias = None if bias is None else nn.Parameter(bias)
        self.activation = ACTIVATIONS[config["activation"]]

    def forward(self, rows):
        return self.activation(functional.linear(rows, self.weight, self.bias))


class Flatten(nn.Module):
    """[N,C,H,W] to [N,H*W*C]: the order in which Keras' dense weights expect the pixels."""

    def forward(self, images):
        return images.permute(0, 2, 3, 1).flatten(1) if images.dim() == 4 else images.flatten(1)


class Reshape(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, images):
        rows = images.permute(0, 2, 3, 1) if images.dim() == 4 else images
        result = rows.reshape(len(images), *self.shape)
        return result.permute(0, 3, 1, 2) if result.dim() == 4 else result


class Pool(nn.Module):
    def __init__(self, config, largest):
        super().__init__()
        self.size, self.strides, self.largest = config["poolSize"], config["strides"], largest
        self.same = config["padding"] == "same"

    def forward(self, images):
        if self.same:
            if not self.largest:
                raise NotImplementedError("average pooling with padding same is not translated")
            images = pad_same(images, self.size, self.strides, float("-inf"))
        pool = functional.max_pool2d if self.largest else functional.avg_pool2d
        return pool(images, self.size, self.strides)


class Call(nn.Module):
    """A function of one tensor."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, images):
        return self.function(images)


def batch_normalization(config, weights):
    weights = list(weights)
    gamma = weights.pop(0) if config["scale"] else torch.ones_like(weights[-1])
    beta = weights.pop(0) if config["center"] else torch.zeros_like(weights[-1])
    layer = nn.BatchNorm2d(len(gamma), eps=config["epsilon"], momentum=1 - config["momentum"])
    with torch.no_grad():
        layer.weight.copy_(gamma)
        layer.bias.copy_(beta)
        layer.running_mean.copy_(weights[0])
        layer.running_var.copy_(weights[1])
    return layer


def relu_layer(config):
    top = config.get("maxValue")
    return nn.ReLU() if top is None else nn.Hardtanh(0.0, float(top))


def zero_padding(config):
    (top, bottom), (left, right) = config["padding"]
    return nn.ZeroPad2d((left, right, top, bottom))


def layer_of(kind, config, weights):
    bias = weights[1] if len(weights) > 1 else None
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return Convolution(config, weights[0], bias, kind == "DepthwiseConv2D")
    if kind == "Dense":
        return Dense(config, weights[0], bias)
    makers = {
        "BatchNormalization": lambda: batch_normalization(config, weights),
        "Activation": lambda: Call(ACTIVATIONS[config["activation"]]),
        "ReLU": lambda: relu_layer(config),
        "Flatten": Flatten,
        "Reshape": lambda: Reshape(config["targetShape"]),
        "Dropout": lambda: nn.Dropout(config["rate"]),
        "MaxPooling2D": lambda: Pool(config, True),
        "AveragePooling2D": lambda: Pool(config, False),
        "GlobalAveragePooling2D": lambda: Call(lambda images: images.mean((2, 3))),
        "ZeroPadding2D": lambda: zero_padding(config),
    }
    if kind not in makers:
        raise NotImplementedError(f"the PyTorch peer has no counterpart of the layer {kind}")
    return makers[kind]()


class Network(nn.Module):
    """Logits [N,classes] of images [N,C,H,W]."""

    def __init__(self, steps, weights):
        super().__init__()
        self.steps = []
        self.layers = nn.ModuleList()
        taken = 0
        for number, step in enumerate(steps):
            if number == 0:
                continue
            own = weights[taken : taken + step["weights"]]
            taken += step["weights"]
            layer = None
            if step["className"] != "Add":
                layer = layer_of(step["className"], step["config"], own)
                self.layers.append(layer)
            self.steps.append((step["name"], step["inputs"], layer))
        self.input, self.output = steps[0]["name"], steps[-1]["name"]

    def forward(self, images):
        results = {self.input: images}
        for name, inputs, layer in self.steps:
            given = [results[each] for each in inputs]
            results[name] = sum(given[1:], given[0]) if layer is None else layer(given[0])
        return results[self.output]
