import type { Jax, JaxArray } from "./jaxLibrary.js";
import { lossOf, type Params } from "./jaxNetwork.js";

/** Adam as in Keras. */
const learningRate = 1e-3;
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-7;

/** Adam's moving means of the gradients and of their squares. */
type Moments = [Params, Params];

/** What changes from step to step. */
export type TrainingState = [Params, Moments];

/** All training images [N,1,28,28] and labels [N], on the device. */
export interface JaxData {
  readonly images: JaxArray;
  readonly labels: JaxArray;
}

export function firstState({ numpy: np, tree }: Jax, params: Params): TrainingState {
  const zeros = (): Params => tree.ref(params).map((param) => np.zerosLike(param));
  return [params, [zeros(), zeros()]];
}

/** Steps of training, compiled as one. */
export interface JaxTraining {
  /** Step number `step`, counted from 1, over the samples with these numbers. Takes `state`; returns loss and new state. */
  run(state: TrainingState, data: JaxData, samples: Int32Array, step: number): [JaxArray, TrainingState];
  dispose(): void;
}

/** Gathering the batch, loss, gradients and Adam under one `jit`, so that jax-js fuses across all of it. */
export function jaxTraining(jax: Jax): JaxTraining {
  const { numpy: np, jit, valueAndGrad, tree } = jax;
  const lossAndGradients = valueAndGrad((params: Params, images: JaxArray, labels: JaxArray) =>
    lossOf(jax, params, images, labels),
  );
  const compiled = jit(
    (
      [params, moments]: TrainingState,
      images: JaxArray,
      labels: JaxArray,
      samples: JaxArray,
      rate: JaxArray,
    ): [JaxArray, TrainingState] => {
      const batch = [images.slice(samples.ref), labels.slice(samples)] as const;
      const [loss, gradients] = lossAndGradients(tree.ref(params), ...batch);
      return [loss, adam(jax, params, gradients, moments, rate)];
    },
  );
  return {
    run(state, { images, labels }, samples, step) {
      // Keras folds the correction of both means into the rate. A number that is an array does not compile anew.
      const rate = np.array((learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step));
      return compiled(state, images.ref, labels.ref, np.array(samples), rate);
    },
    dispose: () => compiled.dispose(),
  };
}

/** As optax does it: a weight at a time. One vector of all weights would take more inputs a kernel than some adapters have. */
function adam(
  { numpy: np }: Jax,
  params: Params,
  gradients: Params,
  [means, squares]: Moments,
  rate: JaxArray,
): TrainingState {
  const newMeans = means.map((mean, i) => mean.mul(beta1).add((gradients[i] as JaxArray).ref.mul(1 - beta1)));
  const newSquares = squares.map((square, i) =>
    square.mul(beta2).add(np.square(gradients[i] as JaxArray).mul(1 - beta2)),
  );
  const newParams = params.map((param, i) => {
    const change = (newMeans[i] as JaxArray).ref
      .mul(rate.ref)
      .div(np.sqrt((newSquares[i] as JaxArray).ref).add(epsilon));
    return param.sub(change);
  });
  rate.dispose();
  return [newParams, [newMeans, newSquares]];
}
