import { isConfig, type JsonValue } from "../config.js";
import { ModelFileError } from "../errors.js";
import { modelFileChunks, parseModelFile } from "../saving/modelFile.js";
import type { PlainData } from "../saving/plainData.js";
import { type ModelTarget, readSource, writeTarget } from "../saving/stores.js";
import { expectStateWeights, expectTrainingState } from "./expectTrainingState.js";
import type { TrainingState } from "./trainingState.js";

/** Writes a training state into a file: a model file without layers, all of it in its training part. */
export async function writeState(target: ModelTarget, { weights, ...state }: TrainingState): Promise<void> {
  const training = { state, weights } as unknown as PlainData;
  await writeTarget(target, modelFileChunks({ layers: [], weights: new Map(), training }));
}

/** The training state in a file. Throws `ModelFileNotFoundError` where there is none, `ModelFileError` where it is damaged. */
export async function readState(source: ModelTarget): Promise<TrainingState> {
  const { training } = parseModelFile(await readSource(source), true);
  if (training === undefined || !isConfig(training as JsonValue)) {
    throw new ModelFileError("the file holds no training state");
  }
  const { state = null, weights = null } = training as { readonly [name: string]: PlainData | undefined };
  return { weights: expectStateWeights(weights), ...expectTrainingState(state) };
}
