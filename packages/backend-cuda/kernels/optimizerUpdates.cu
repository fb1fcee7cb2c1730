// One launch updates all parameters: parameters w, gradients g and slots are flat arrays of the same length.
//
//   sgdUpdate:     w -= s g; with momentum v = momentum v - s g, w += v, or with Nesterov w += momentum v - s g
//   rmspropUpdate: q = rho q + (1 - rho) g^2; d = q, centered q - m^2 with m = rho m + (1 - rho) g;
//                  u = s g / sqrt(d + epsilon); w -= u, with momentum v = momentum v + u, w -= v
//   adamUpdate:    m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= lr decay w; w -= s m / (sqrt(v) + epsilon)
//   adagradUpdate: a += g^2; w -= s g / sqrt(a + epsilon)
//   nadamUpdate:   m and v as in adamUpdate; w -= (s m + gs g) / (sqrt(vs v) + epsilon)
//   lionUpdate:    w -= lr decay w; w -= s sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g
//   decayWeights:  w -= lr rate w, before an update that has no decay of its own
//
// s is the step's stepSize, lr its learning rate, gs its gradientStep, vs its secondMomentScale.
// Cost: reads w, g and slots and writes all but g once: 28 bytes a parameter for Adam, a dozen operations: bound by
// memory.
// Idea: the launch that is the last of a step also ends it (its last block writes the results and moves the cursor),
// which saves a launch. Predicted, H200: 2 us for 93,322 parameters; not measured.
#include "loops.h"
#include "reduce.h"
#include "step.h"

DEVICE void endStep(const StepEnd& end) {
  if (end.ends && isLastBlock(end.counter, gridDim.x)) writeResults(end);
}

KERNEL sgdUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ velocity, float momentum,
                 int nesterov, const StepRow* table, StepEnd end, int count) {
  const float s = currentStep(table, end.state).stepSize;
  FOR_EACH(i, count) {
    const float change = s * g[i];
    if (velocity) {
      const float v = momentum * velocity[i] - change;
      velocity[i] = v;
      w[i] += nesterov ? momentum * v - change : v;
    } else {
      w[i] -= change;
    }
  }
  endStep(end);
}
EXPORT_KERNEL(sgdUpdate)

struct RmspropSettings {
  float rho, oneMinusRho, momentum, epsilon;
};

KERNEL rmspropUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ square,
                     float* __restrict__ velocity, float* __restrict__ mean, RmspropSettings settings,
                     const StepRow* table, StepEnd end, int count) {
  const float s = currentStep(table, end.state).stepSize;
  FOR_EACH(i, count) {
    const float gradient = g[i];
    const float q = settings.rho * square[i] + settings.oneMinusRho * gradient * gradient;
    square[i] = q;
    float divisor = q;
    if (mean) {
      const float m = settings.rho * mean[i] + settings.oneMinusRho * gradient;
      mean[i] = m;
      divisor -= m * m;
    }
    float change = s * gradient / sqrtf(divisor + settings.epsilon);
    if (velocity) {
      change += settings.momentum * velocity[i];
      velocity[i] = change;
    }
    w[i] -= change;
  }
  endStep(end);
}
EXPORT_KERNEL(rmspropUpdate)

struct AdamSettings {
  float oneMinusBeta1, oneMinusBeta2, epsilon, weightDecay;
};

KERNEL adamUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ m, float* __restrict__ v,
                  float* __restrict__ largest, AdamSettings settings, const StepRow* table, StepEnd end, int count) {
  const StepRow step = currentStep(table, end.state);
  const float decay = step.learningRate * settings.weightDecay;
  FOR_EACH(i, count) {
    const float gradient = g[i];
    const float first = m[i] + settings.oneMinusBeta1 * (gradient - m[i]);
    const float second = v[i] + settings.oneMinusBeta2 * (gradient * gradient - v[i]);
    m[i] = first;
    v[i] = second;
    float divisor = second;
    if (largest) {
      divisor = fmaxf(largest[i], second);
      largest[i] = divisor;
    }
    const float kept = w[i] - decay * w[i];
    w[i] = kept - step.stepSize * first / (sqrtf(divisor) + settings.epsilon);
  }
  endStep(end);
}
EXPORT_KERNEL(adamUpdate)

KERNEL adagradUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ accumulator, float epsilon,
                     const StepRow* table, StepEnd end, int count) {
  const float s = currentStep(table, end.state).stepSize;
  FOR_EACH(i, count) {
    const float gradient = g[i];
    const float total = accumulator[i] + gradient * gradient;
    accumulator[i] = total;
    w[i] -= s * gradient / sqrtf(total + epsilon);
  }
  endStep(end);
}
EXPORT_KERNEL(adagradUpdate)

struct NadamSettings {
  float oneMinusBeta1, oneMinusBeta2, epsilon;
};

KERNEL nadamUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ m, float* __restrict__ v,
                   NadamSettings settings, const StepRow* table, StepEnd end, int count) {
  const StepRow step = currentStep(table, end.state);
  FOR_EACH(i, count) {
    const float gradient = g[i];
    const float first = m[i] + settings.oneMinusBeta1 * (gradient - m[i]);
    const float second = v[i] + settings.oneMinusBeta2 * (gradient * gradient - v[i]);
    m[i] = first;
    v[i] = second;
    w[i] -= (step.stepSize * first + step.gradientStep * gradient) /
            (sqrtf(step.secondMomentScale * second) + settings.epsilon);
  }
  endStep(end);
}
EXPORT_KERNEL(nadamUpdate)

struct LionSettings {
  float beta1, oneMinusBeta1, beta2, oneMinusBeta2, weightDecay;
};

KERNEL lionUpdate(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ momentum,
                  LionSettings settings, const StepRow* table, StepEnd end, int count) {
  const StepRow step = currentStep(table, end.state);
  const float decay = step.learningRate * settings.weightDecay;
  FOR_EACH(i, count) {
    const float gradient = g[i], m = momentum[i];
    const float direction = settings.beta1 * m + settings.oneMinusBeta1 * gradient;
    // NaN stays NaN.
    const float sign = direction > 0.0f ? 1.0f : direction < 0.0f ? -1.0f : direction;
    const float kept = w[i] - decay * w[i];
    w[i] = kept - step.stepSize * sign;
    momentum[i] = settings.beta2 * m + settings.oneMinusBeta2 * gradient;
  }
  endStep(end);
}
EXPORT_KERNEL(lionUpdate)

KERNEL decayWeights(float* w, float rate, const StepRow* table, const StepState* state, int count) {
  const float decay = currentStep(table, state).learningRate * rate;
  FOR_EACH(i, count) w[i] -= decay * w[i];
}
EXPORT_KERNEL(decayWeights)
