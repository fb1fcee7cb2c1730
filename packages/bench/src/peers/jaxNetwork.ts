import type { Jax, JaxArray } from "./jaxLibrary.js";
import type { PeerWorkload } from "./peer.js";

/** What jax-js' functions own and give up is counted: each use of an array but the last is of its `ref`. */
export type Params = JaxArray[];

/** Both networks pool after their first two convolutions. */
const pooledConvolutions = 2;

/**
 * The first weights, each kernel before its bias, as jax-js' convolution wants them: kernels [F,C,KH,KW] and biases
 * [F,1,1] over images [N,C,H,W], so the rows of the first dense kernel are reordered as flattening will order them.
 */
export function firstParams({ numpy: np }: Jax, weights: PeerWorkload["weights"]): Params {
  return weights.map(({ data, shape }, index) => {
    const array = np.array(data, { shape: [...shape] });
    const [rows, columns] = shape as [number, number];
    if (shape.length === 4) {
      return array.transpose([3, 2, 0, 1]);
    }
    if (weights[index - 1]?.shape.length === 4) {
      return array.reshape([rows, 1, 1]);
    }
    const channels = weights[index - 2]?.shape[3];
    if (channels === undefined) {
      return array;
    }
    const side = Math.sqrt(rows / channels);
    return array.reshape([side, side, channels, columns]).transpose([2, 0, 1, 3]).reshape([rows, columns]);
  });
}

/** The logarithms of the probabilities [N,10] of images [N,1,28,28]. */
function predict(jax: Jax, params: Params, images: JaxArray): JaxArray {
  const { numpy: np, lax, nn } = jax;
  let x = images;
  for (let index = 0; index < params.length; index += 2) {
    const [kernel, bias] = params.slice(index, index + 2) as [JaxArray, JaxArray];
    if (kernel.ndim === 4) {
      x = lax.conv(x, kernel, [1, 1], "VALID").add(bias);
      // Pooling first gives the same and leaves a fourth of the numbers to relu.
      x = relu(jax, index / 2 < pooledConvolutions ? lax.reduceWindow(x, np.max, [2, 2], [2, 2]) : x);
    } else {
      x = np.dot(x.reshape([x.shape[0] as number, -1]), kernel).add(bias);
      x = index + 2 < params.length ? relu(jax, x) : nn.logSoftmax(x);
    }
  }
  return x;
}

/** `nn.relu` has gradient 1 at zero, where the background of digits lies before training; Keras and Convoy have 0. */
function relu({ numpy: np }: Jax, x: JaxArray): JaxArray {
  return np.where(np.greater(x.ref, 0), x, 0);
}

/** Sparse categorical cross-entropy, the mean over the batch. */
export function lossOf(jax: Jax, params: Params, images: JaxArray, labels: JaxArray): JaxArray {
  return crossEntropy(jax, predict(jax, params, images), labels);
}

/** Loss, and the number of images whose label is the most probable. */
export function lossAndHits(jax: Jax, params: Params, images: JaxArray, labels: JaxArray): [JaxArray, JaxArray] {
  const { numpy: np } = jax;
  const predicted = predict(jax, params, images);
  const hits = np.argmax(predicted.ref, 1).equal(labels.ref).astype(np.int32).sum();
  return [crossEntropy(jax, predicted, labels), hits];
}

function crossEntropy({ nn }: Jax, predicted: JaxArray, labels: JaxArray): JaxArray {
  const [samples, classes] = predicted.shape as [number, number];
  return predicted
    .mul(nn.oneHot(labels, classes))
    .sum()
    .mul(-1 / samples);
}
