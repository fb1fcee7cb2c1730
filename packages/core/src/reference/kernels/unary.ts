import type { TensorData, UnaryFunction } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";
import { type UnaryFormula, unaryFormulas } from "./unaryFormulas.js";

type Loop = (from: TensorData, to: TensorData, alpha: number) => void;
/** `operand` is the output or the input of the function, as its definition says. */
type BackwardLoop = (dy: TensorData, operand: TensorData, dx: TensorData, alpha: number) => void;

/** y[i] = f(x[i]), f as tabled in the op's definition; [...] -> [...]. One loop a function: one test a tensor, not an element. */
export const unary: KernelOf<"unary"> = ({ inputs: [input], outputs: [output], attributes }) => {
  forward[attributes.function](input!.data, output!.data, attributes.alpha);
};

/** dx[i] = dy[i] * f'(x[i]), f' written in y[i] or x[i]; outputGradient [...], operand [...] -> [...] */
export const unaryBackward: KernelOf<"unaryBackward"> = (call) => {
  const [outputGradient, operand] = call.inputs;
  const { function: name, alpha } = call.attributes;
  backward[name](outputGradient!.data, operand!.data, call.outputs[0]!.data, alpha);
};

const forward: { readonly [F in UnaryFunction]: Loop } = {
  relu(x, y) {
    for (let i = 0; i < y.length; i++) {
      y[i] = Math.max(x[i]!, 0);
    }
  },
  relu6(x, y) {
    for (let i = 0; i < y.length; i++) {
      y[i] = Math.min(Math.max(x[i]!, 0), 6);
    }
  },
  leakyRelu(x, y, alpha) {
    for (let i = 0; i < y.length; i++) {
      y[i] = x[i]! > 0 ? x[i]! : alpha * x[i]!;
    }
  },
  elu(x, y, alpha) {
    for (let i = 0; i < y.length; i++) {
      y[i] = x[i]! > 0 ? x[i]! : alpha * Math.expm1(x[i]!);
    }
  },
  sigmoid(x, y) {
    for (let i = 0; i < y.length; i++) {
      y[i] = 1 / (1 + Math.exp(-x[i]!));
    }
  },
  tanh(x, y) {
    for (let i = 0; i < y.length; i++) {
      y[i] = Math.tanh(x[i]!);
    }
  },
  log(x, y, alpha) {
    const [low, high] = clippingBounds(alpha);
    for (let i = 0; i < y.length; i++) {
      y[i] = Math.log(Math.min(Math.max(x[i]!, low), high));
    }
  },
  logit(x, y, alpha) {
    const [low, high] = clippingBounds(alpha);
    for (let i = 0; i < y.length; i++) {
      const p = Math.min(Math.max(x[i]!, low), high);
      y[i] = Math.log(p / (1 - p));
    }
  },
  softplus: loop(unaryFormulas.softplus),
  softsign: loop(unaryFormulas.softsign),
  hardSigmoid: loop(unaryFormulas.hardSigmoid),
  hardSilu: loop(unaryFormulas.hardSilu),
  silu: loop(unaryFormulas.silu),
  gelu: loop(unaryFormulas.gelu),
  geluTanh: loop(unaryFormulas.geluTanh),
  abs: loop(unaryFormulas.abs),
  square: loop(unaryFormulas.square),
  huber: loop(unaryFormulas.huber),
  power: loop(unaryFormulas.power),
};

const backward: { readonly [F in UnaryFunction]: BackwardLoop } = {
  relu(dy, y, dx) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = y[i]! > 0 ? dy[i]! : 0;
    }
  },
  relu6(dy, y, dx) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = y[i]! > 0 && y[i]! < 6 ? dy[i]! : 0;
    }
  },
  leakyRelu(dy, y, dx, alpha) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = y[i]! > 0 ? dy[i]! : alpha * dy[i]!;
    }
  },
  elu(dy, y, dx, alpha) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = y[i]! > 0 ? dy[i]! : (y[i]! + alpha) * dy[i]!;
    }
  },
  sigmoid(dy, y, dx) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = dy[i]! * y[i]! * (1 - y[i]!);
    }
  },
  tanh(dy, y, dx) {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = dy[i]! * (1 - y[i]! * y[i]!);
    }
  },
  log(dy, y, dx, alpha) {
    const [low, high] = clippedOutputs(forward.log, alpha, y);
    for (let i = 0; i < dx.length; i++) {
      dx[i] = y[i]! > low && y[i]! < high ? dy[i]! * Math.exp(-y[i]!) : 0;
    }
  },
  logit(dy, y, dx, alpha) {
    const [low, high] = clippedOutputs(forward.logit, alpha, y);
    for (let i = 0; i < dx.length; i++) {
      // 1 / p(1 - p) with p = 1 / (1 + e^-y)
      dx[i] = y[i]! > low && y[i]! < high ? dy[i]! * (2 + Math.exp(y[i]!) + Math.exp(-y[i]!)) : 0;
    }
  },
  softplus: backwardLoop(unaryFormulas.softplus),
  softsign: backwardLoop(unaryFormulas.softsign),
  hardSigmoid: backwardLoop(unaryFormulas.hardSigmoid),
  hardSilu: backwardLoop(unaryFormulas.hardSilu),
  silu: backwardLoop(unaryFormulas.silu),
  gelu: backwardLoop(unaryFormulas.gelu),
  geluTanh: backwardLoop(unaryFormulas.geluTanh),
  abs: backwardLoop(unaryFormulas.abs),
  square: backwardLoop(unaryFormulas.square),
  huber: backwardLoop(unaryFormulas.huber),
  power: backwardLoop(unaryFormulas.power),
};

function loop({ value }: UnaryFormula): Loop {
  return (x, y, alpha) => {
    for (let i = 0; i < y.length; i++) {
      y[i] = value(x[i]!, alpha);
    }
  };
}

function backwardLoop({ slope }: UnaryFormula): BackwardLoop {
  return (dy, operand, dx, alpha) => {
    for (let i = 0; i < dx.length; i++) {
      dx[i] = dy[i]! * slope(operand[i]!, alpha);
    }
  };
}

/** The bounds alpha and 1 - alpha as float32 numbers, as probabilities are: near 1 that is a difference of 1% in a logit. */
function clippingBounds(alpha: number): [number, number] {
  return [Math.fround(alpha), Math.fround(1 - alpha)];
}

/** What a clipped element has become in memory of the same kind as `y`: its gradient is 0. */
function clippedOutputs(loop: Loop, alpha: number, y: TensorData): [number, number] {
  const bounds = y instanceof Float64Array ? new Float64Array(2) : new Float32Array(2);
  loop(Float64Array.from(clippingBounds(alpha)), bounds, alpha);
  return [bounds[0]!, bounds[1]!];
}
