import type { Callback } from "./callback.js";

/**
 * Ends training when the loss becomes NaN or infinite, where `fit` would throw a `NonFiniteLossError`. Keras' `TerminateOnNaN`: the
 * epoch still gets its validation and its place in the history, with the loss that ended it. The model holds the last good
 * weights, not the spoiled ones that Keras leaves.
 */
export function terminateOnNaN(): Callback {
  let terminated = false;
  return {
    name: "terminateOnNaN",
    onTrainBegin() {
      terminated = false;
    },
    onNonFiniteLoss({ step }, training) {
      if (training.writes) {
        console.warn(`Batch ${step}: Invalid loss, terminating training`);
      }
      terminated = true;
      training.stop();
    },
    getState: () => terminated,
    setState(state, training) {
      terminated = state === true;
      if (terminated) {
        training.stop();
      }
    },
  };
}
