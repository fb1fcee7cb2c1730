import { expectCount, expectRange, expectSeed } from "../../checkOption.js";
import { ArgumentError } from "../../errors.js";
import { rowOfLayers } from "../../layers/augmentation/rowOfLayers.js";
import { StepDraws, stepDraws } from "../../layers/augmentation/stepDraws.js";
import type { Layer } from "../../layers/index.js";
import type { Dataset, DatasetAugmentation } from "../../pipeline/index.js";
import { type BatchSettings, bytesOf, onDeviceWhole, wholeSamples } from "../data/batchSamples.js";
import { type HostSamples, hostData, sliceSamples } from "../data/hostSamples.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { Network } from "../declare/network.js";
import { defaultBatchSize, type FitOptions, resolveVerbosity } from "../options.js";
import type { DeviceModel } from "./deviceModel.js";
import type { FitRequest } from "./fitRequest.js";
import { StreamedSource } from "./streamedSource.js";
import { shuffledOrder, type WholeOptions, WholeSource } from "./trainingSource.js";
import { streamedValidation, wholeValidation } from "./validation.js";

/** A request without what the model adds to it. */
type ResolvedFit = Omit<FitRequest, "replaceWeights" | "files">;

/** Bytes of a data set over arrays that go whole to a device that does not tell what it has. */
const defaultDeviceBytes = 2 ** 29;

/** Bytes that a data set may have to go to the device whole, beside `taken` bytes of others: half of what is left, the rest is the step's. */
function wholeBytes({ backend }: CompileSettings, taken = 0): number {
  const available = backend.availableBytes?.();
  return available === undefined ? defaultDeviceBytes : Math.floor((available - taken) / 2);
}

/** Validation as it was given: samples, or a data set of batches. */
export type ValidationSamples = HostSamples | Dataset<unknown> | undefined;

/** Options for arrays, checked and filled in; the samples split. Throws `ArgumentError` for options out of range. */
export function resolveArrayFit(
  settings: CompileSettings,
  options: FitOptions,
  samples: HostSamples,
  validation: ValidationSamples,
  modelSeed: number,
): ResolvedFit {
  const common = commonRequest(options, modelSeed);
  const { known, shuffle, seed } = common;
  const batchSize = expectCount("batchSize", options.batchSize ?? known?.batchSize ?? defaultBatchSize);
  const split = splitOff(samples, options.validationSplit ?? 0, validation);
  const { rows } = split.samples;
  const all = Math.ceil(rows / batchSize);
  const steps = expectCount("stepsPerEpoch", options.stepsPerEpoch ?? Math.min(all, known?.stepsPerEpoch ?? all));
  if (steps > all) {
    throw new ArgumentError(
      `stepsPerEpoch is ${steps}, but ${rows} samples give ${all} steps at batchSize ${batchSize}`,
    );
  }
  const size = Math.min(batchSize, rows);
  const order = shuffle ? { order: shuffledOrder(rows, seed) } : {};
  const random = { draws: stepDraws(settings.network), seed };
  const { epochs } = common.request;
  return {
    ...common.request,
    ...validationRequest(settings, options, split.validation, size, bytesOf(split.samples)),
    source: (device) =>
      new WholeSource(device, split.samples, steps, { batchSize: size, rows, epochs, random, ...order }),
    rows,
    batchSize: size,
    steps,
    samples: arraysOf(split.samples),
  };
}

/** Options for a data set, checked and filled in. Throws `ArgumentError` for those out of range and those that are for arrays. */
export function resolveDatasetFit(
  settings: CompileSettings,
  given: Dataset<unknown>,
  options: FitOptions,
  validation: ValidationSamples,
  modelSeed: number,
): ResolvedFit {
  expectDatasetOptions(options);
  const { augmentation } = given;
  const data = augmentation?.batches ?? given;
  const common = commonRequest({ ...options, shuffle: false }, modelSeed);
  const { known, seed } = common;
  const random = {
    draws: augmentation ? drawsBehind(augmentation, settings.network) : stepDraws(settings.network),
    seed,
  };
  // What the layers of the data set make of its numbers is not what they look like.
  const ownWarnings = augmentation ? { warn: () => undefined } : {};
  const batchSettings = { ...settingsOf("the data set", options), ...ownWarnings };
  const { size } = data;
  const wanted = options.stepsPerEpoch ?? (known?.stepsPerEpoch || undefined);
  if (wanted !== undefined) {
    expectCount("stepsPerEpoch", wanted);
  } else if (size === Infinity) {
    throw new ArgumentError("the data set is endless; pass stepsPerEpoch, the steps after which an epoch ends");
  }
  if (size !== undefined && wanted !== undefined && wanted > size) {
    throw new ArgumentError(
      `stepsPerEpoch is ${wanted}, but the data set has ${size} batches; repeat() it to go through it over and over`,
    );
  }
  const steps = wanted ?? size ?? Infinity;
  const { initialEpoch } = common.request;
  if (steps === Infinity && initialEpoch > 0) {
    throw new ArgumentError(
      `fit begins in epoch ${initialEpoch}, but how many steps an epoch has is not known; pass stepsPerEpoch`,
    );
  }
  const batchSize = data.batchSize ?? known?.batchSize ?? 0;
  const whole = wholeSamples(settings, data, batchSettings, options.maxDeviceBytes ?? wholeBytes(settings));
  // Samples are not counted: a state does not depend on where they are.
  const rows = 0;
  const held = validationRequest(settings, options, validation, 0, whole === undefined ? 0 : bytesOf(whole));
  const request = { ...common.request, ...held, rows, batchSize, steps };
  const goesOn = wanted !== undefined && (size === undefined || size === Infinity);
  return {
    ...request,
    samples: whole === undefined ? [] : arraysOf(whole),
    source: (device) =>
      whole === undefined
        ? new StreamedSource(device, data, { ...batchSettings, steps: wanted ?? Infinity, goesOn, random })
        : openWhole(device, data, whole, steps, { epochs: request.epochs, random }),
  };
}

/** What was made of the layers of data sets for networks, so that each is made once. */
const drawsByLayers = new WeakMap<readonly Layer[], WeakMap<Network, StepDraws>>();

/** What is drawn where batches go through the layers of a data set first. Throws where these give the model other samples. */
function drawsBehind({ layers, seed }: DatasetAugmentation, network: Network): StepDraws {
  const [input, ...others] = network.inputs;
  if (others.length > 0) {
    throw new ArgumentError(
      `fit: the data set augments images, but the model has ${others.length + 1} inputs; put the layers behind the one that is meant`,
    );
  }
  const byNetwork = drawsByLayers.get(layers) ?? new WeakMap<Network, StepDraws>();
  drawsByLayers.set(layers, byNetwork);
  const draws = byNetwork.get(network) ?? new StepDraws(network, rowOfLayers(layers, input!.shape).calls, seed);
  byNetwork.set(network, draws);
  return draws;
}

function openWhole(
  device: DeviceModel,
  data: Dataset<unknown>,
  samples: HostSamples,
  steps: number,
  training: Pick<WholeOptions, "epochs" | "random">,
): WholeSource {
  const { batch, order, inOrder } = data.selection!;
  const { size, dropRemainder } = batch!;
  const rows = dropRemainder ? Math.floor(samples.rows / size) * size : samples.rows;
  const placement = onDeviceWhole("the data set", samples);
  const ordered = async (epoch: number): Promise<Int32Array> => {
    const all = new Int32Array(samples.rows);
    let position = 0;
    for await (const row of order(epoch)) {
      all[position++] = row;
    }
    return all;
  };
  return new WholeSource(device, samples, steps, {
    batchSize: Math.min(size, rows),
    rows,
    placement,
    ...training,
    ...(inOrder ? {} : { order: ordered }),
  });
}

function settingsOf(
  what: string,
  { classWeight, verbose }: Pick<FitOptions, "classWeight" | "verbose">,
): BatchSettings {
  return { what, labelled: true, classWeight, warn: verbose === 0 ? () => undefined : console.warn };
}

/** Options that a data set decides itself. */
function expectDatasetOptions(options: FitOptions): void {
  const remedies: Partial<Record<keyof FitOptions, string>> = {
    batchSize: "batch(size) makes its batches",
    shuffle: "shuffle(bufferSize, { seed }) shuffles it",
    validationSplit: "take(count) and skip(count) split it",
    sampleWeight: "its elements may be [x, y, sampleWeight]",
  };
  for (const [name, remedy] of Object.entries(remedies)) {
    if (options[name as keyof FitOptions] !== undefined) {
      throw new ArgumentError(`${name} is for arrays; of a data set, ${remedy}`);
    }
  }
}

/** What does not depend on the samples. */
function commonRequest(options: FitOptions, modelSeed: number) {
  const { resumeFrom } = options;
  const known = resumeFrom?.fit;
  const shuffle = options.shuffle ?? known?.shuffle ?? true;
  const seed = expectSeed("seed", options.seed ?? known?.seed ?? modelSeed);
  return {
    known,
    shuffle,
    seed,
    request: {
      epochs: expectCount("epochs", options.epochs ?? 1),
      initialEpoch: expectCount("initialEpoch", firstEpoch(options), 0),
      shuffle,
      seed,
      callbacks: options.callbacks ?? [],
      verbose: resolveVerbosity(options.verbose ?? "auto"),
      ...(resumeFrom === undefined ? {} : { resumeFrom }),
    },
  } as const;
}

function validationRequest(
  settings: CompileSettings,
  options: FitOptions,
  validation: ValidationSamples,
  batchSize: number,
  trainingBytes: number,
): Pick<FitRequest, "validation" | "validated"> {
  const { validationSteps, maxDeviceBytes = wholeBytes(settings, trainingBytes) } = options;
  if (validation === undefined) {
    return { validated: { text: "none", samples: [] } };
  }
  if (!isDataset(validation)) {
    const size = batchSize || defaultBatchSize;
    return {
      validation: (device) => wholeValidation(device, validation, size),
      validated: { text: `${validation.rows} samples in batches of ${size}`, samples: arraysOf(validation) },
    };
  }
  const data = limited("validationSteps", "the validation data set", validation, validationSteps);
  const batchSettings = settingsOf("the validation data set", options);
  const whole = data.selection?.batch?.dropRemainder
    ? undefined
    : wholeSamples(settings, data, batchSettings, maxDeviceBytes);
  const { size: batches = "an unknown number of" } = data;
  const text = whole ? `${whole.rows} samples` : `${batches} batches`;
  return {
    validated: { text: `a data set of ${text}`, samples: whole === undefined ? [] : arraysOf(whole) },
    validation: (device) =>
      whole === undefined
        ? streamedValidation(device, data, batchSettings)
        : {
            ...wholeValidation(device, whole, data.batchSize ?? defaultBatchSize),
            placement: onDeviceWhole(batchSettings.what, whole),
          },
  };
}

/** The first `steps` batches of a data set. Throws `ArgumentError` for an endless one without them. */
export function limited(
  option: string,
  what: string,
  data: Dataset<unknown>,
  steps: number | undefined,
): Dataset<unknown> {
  if (steps !== undefined) {
    return data.take(expectCount(option, steps));
  }
  if (data.size === Infinity) {
    throw new ArgumentError(`${what} is endless; pass ${option}, the batches to take`);
  }
  return data;
}

function arraysOf(samples: HostSamples): ArrayBufferView[] {
  return hostData(samples).map(([, data]) => data);
}

function isDataset(validation: HostSamples | Dataset<unknown>): validation is Dataset<unknown> {
  return !("inputNames" in validation);
}

function firstEpoch({ initialEpoch, resumeFrom }: FitOptions): number {
  const epoch = resumeFrom?.fit?.epoch ?? 0;
  if (resumeFrom !== undefined && initialEpoch !== undefined && initialEpoch !== epoch) {
    throw new ArgumentError(
      `initialEpoch is ${initialEpoch}, but resumeFrom goes on in epoch ${epoch}; leave initialEpoch out, or call ` +
        "setTrainingState(state) and fit without resumeFrom to start an epoch anew",
    );
  }
  return initialEpoch ?? epoch;
}

/** Keras' split: the last `share` of the samples, from position floor(n * (1 - share)) on. */
function splitOff(
  samples: HostSamples,
  share: number,
  validation: ValidationSamples,
): { samples: HostSamples; validation?: ValidationSamples } {
  expectRange("validationSplit", share, 0, 1);
  if (validation !== undefined) {
    return { samples, validation };
  }
  if (share === 0) {
    return { samples };
  }
  const { rows } = samples;
  const splitAt = Math.floor(rows * (1 - share));
  if (splitAt === 0 || splitAt === rows) {
    throw new ArgumentError(
      `validationSplit ${share} of ${rows} samples leaves ${splitAt} to train on and ${rows - splitAt} to validate; ` +
        "both need at least one",
    );
  }
  return { samples: sliceSamples(samples, 0, splitAt), validation: sliceSamples(samples, splitAt, rows) };
}
