// Softmax, cross-entropy, accuracy and the gradient of the logits, any of them left out, in one launch.
//
//   p = softmax(x); loss = sum over rows of w * sum over c of t[c] * (m + ln(sum over k of e^(x[k] - m)) - x[c])
//   correct = rows in which argmax p is the label;  dx[c] = scale * w * (p[c] * sum over k of t[k] - t[c])
//
// logits [rows,C], labels, weights [rows] -> loss [1], probabilities [rows,C], correct [1], gradient [rows,C]
// Cost: reads logits once (then from the cache), writes what is wanted; 15 operations an element.
// Idea: one warp a row; the rows' sums go through one number a block to the last block.
// Predicted, H200: 3 us for 1024 rows of 10; not measured.
//
// denseSoftmaxCrossEntropy computes the logits as well, x = input [rows,K] kernel [K,C] + bias [C], for C <= 32: each
// lane of a warp sums one class.
#include "loops.h"
#include "rowLabels.h"
#include "rowSums.h"

struct LossOutputs {
  // Null where not wanted.
  float* loss;
  float* probabilities;
  float* correct;
  float* gradient;
};

struct LossInputs {
  Labels labels;
  // Null without.
  const float* weights;
  // The accuracy's own labels.
  Labels accuracyLabels;
  float scale;
};

// One row, by a warp. `logits(c)` and what it reads stay the same during the call.
template <class Logits>
DEVICE void lossRow(const Logits& logits, const LossInputs& in, const LossOutputs& out, int row, int C, int lane,
                    float (&sums)[2]) {
  float largest = -INFINITY;
  for (int c = lane; c < C; c += 32) largest = fmaxf(largest, logits(c));
  largest = warpMax(largest);
  float total = 0.0f;
  for (int c = lane; c < C; c += 32) total += expf(logits(c) - largest);
  total = warpSum(total);
  const float logTotal = logf(total);
  const float weight = in.weights ? in.weights[row] : 1.0f;

  float loss = 0.0f, targets = 0.0f;
  for (int c = lane; c < C; c += 32) {
    const float target = in.labels.target(row, c, C);
    // Not where the target is 0: the logarithm may be infinite there.
    if (target != 0.0f) loss += target * (logTotal + (largest - logits(c)));
    targets += target;
  }
  loss = warpSum(loss);
  targets = in.labels.classes ? 1.0f : warpSum(targets);
  if (lane == 0) sums[0] += weight * loss;

  const float factor = in.scale * weight;
  for (int c = lane; c < C; c += 32) {
    const float p = expf(logits(c) - largest) / total;
    if (out.probabilities) out.probabilities[int64_t(row) * C + c] = p;
    if (out.gradient) {
      out.gradient[int64_t(row) * C + c] = factor * (p * targets - in.labels.target(row, c, C));
    }
  }
  if (out.correct) {
    const Labels& labels = in.accuracyLabels;
    // Of the rounded probabilities, not of the logits: equal ones count as equal.
    const int best = rowArgmax([&](int c) { return expf(logits(c) - largest) / total; }, C, lane);
    const int label =
        labels.classes ? labels.classes[row] : rowArgmax([&](int c) { return labels.target(row, c, C); }, C, lane);
    if (lane == 0 && best == label) sums[1] += 1.0f;
  }
}

DEVICE void lossEnd(const RowSums& rowSums, float (&sums)[2], const LossOutputs& out) {
  if (sumRows(rowSums, sums) && threadIdx.x == 0) {
    if (out.loss) *out.loss = sums[0];
    if (out.correct) *out.correct = sums[1];
  }
}

KERNEL softmaxCrossEntropy(const float* __restrict__ x, LossInputs in, LossOutputs out, RowSums rowSums, int rows,
                           int C) {
  const int lane = threadIdx.x % 32;
  float sums[2] = {0.0f, 0.0f};
  FOR_EACH_ROW(row, rows) {
    const float* from = x + int64_t(row) * C;
    lossRow([&](int c) { return from[c]; }, in, out, row, C, lane, sums);
  }
  lossEnd(rowSums, sums, out);
}
EXPORT_KERNEL(softmaxCrossEntropy)

// From the probabilities, for losses whose parts run apart.
KERNEL softmaxCrossEntropyBackward(const float* __restrict__ probabilities, Labels labels, const float* weights,
                                   float* __restrict__ gradient, float scale, int rows, int C) {
  const int lane = threadIdx.x % 32;
  FOR_EACH_ROW(row, rows) {
    float targets = 0.0f;
    for (int c = lane; c < C; c += 32) targets += labels.target(row, c, C);
    targets = labels.classes ? 1.0f : warpSum(targets);
    const float factor = scale * (weights ? weights[row] : 1.0f);
    for (int c = lane; c < C; c += 32) {
      const int64_t i = int64_t(row) * C + c;
      gradient[i] = factor * (probabilities[i] * targets - labels.target(row, c, C));
    }
  }
}
EXPORT_KERNEL(softmaxCrossEntropyBackward)

KERNEL denseSoftmaxCrossEntropy(const float* __restrict__ input, const float* __restrict__ kernel,
                                const float* __restrict__ bias, LossInputs in, LossOutputs out, RowSums rowSums,
                                int rows, int K, int C) {
  const int lane = threadIdx.x % 32;
  float sums[2] = {0.0f, 0.0f};
  FOR_EACH_ROW(row, rows) {
    const float* from = input + int64_t(row) * K;
    // Four sums, so that four reads are under way.
    float chains[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (lane < C) {
      int k = 0;
      for (; k + 4 <= K; k += 4) {
        UNROLL
        for (int i = 0; i < 4; i++) chains[i] = fmaf(from[k + i], kernel[(k + i) * C + lane], chains[i]);
      }
      for (; k < K; k++) chains[0] = fmaf(from[k], kernel[k * C + lane], chains[0]);
      if (bias) chains[0] += bias[lane];
    }
    const float logit = (chains[0] + chains[1]) + (chains[2] + chains[3]);
    lossRow([&](int) { return logit; }, in, out, row, C, lane, sums);
  }
  lossEnd(rowSums, sums, out);
}
EXPORT_KERNEL(denseSoftmaxCrossEntropy)
