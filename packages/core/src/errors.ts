/** Base class of every error that Convoy throws on purpose. The message names the values involved and the remedy. */
export class ConvoyError extends Error {
  override name = "ConvoyError";
}

/** Two shapes that have to fit do not: layer to layer, data to model, labels to loss, a buffer to its tensor. */
export class ShapeError extends ConvoyError {
  override name = "ShapeError";
}

/** An option or argument outside what is allowed: an unknown name, a number out of range, a missing setting. */
export class ArgumentError extends ConvoyError {
  override name = "ArgumentError";
}

/** Data that cannot be trained on: empty, NaN or Infinity, labels of the wrong kind or outside the classes. */
export class DataError extends ConvoyError {
  override name = "DataError";
}

/** A data set file that is truncated, corrupt or of another format, or that cannot be downloaded. */
export class DatasetError extends ConvoyError {
  override name = "DatasetError";
}

/** A model file that is truncated, corrupt, of an unknown version, or that holds what cannot be read. Says where in the file. */
export class ModelFileError extends ConvoyError {
  override name = "ModelFileError";
}

/** There is no model file where one was to be read. */
export class ModelFileNotFoundError extends ModelFileError {
  override name = "ModelFileNotFoundError";
}

/** A method called in the wrong order or after `dispose()`. */
export class StateError extends ConvoyError {
  override name = "StateError";
}

/** A backend that cannot run on this machine: no driver, no adapter, a missing package. Says what was tried and what to install. */
export class BackendUnavailableError extends ConvoyError {
  override name = "BackendUnavailableError";
}

/** A plan holds an op that the backend does not have. Thrown by `compile`, before any training. */
export class UnsupportedOpError extends ConvoyError {
  override name = "UnsupportedOpError";
  /** The op. */
  readonly op: string;
  /** Why the backend does not take it. */
  readonly reason: string;

  constructor(message: string, { op, reason }: { readonly op: string; readonly reason: string }) {
    super(message);
    this.op = op;
    this.reason = reason;
  }
}

/** The device failed while it ran: lost, out of memory, a launch error, a crashed worker. */
export class DeviceError extends ConvoyError {
  override name = "DeviceError";
}

/** A plan or graph that breaks its own rules. Always a defect in Convoy or in a backend, never of the user's model. */
export class PlanError extends ConvoyError {
  override name = "PlanError";
}

/** What `NonFiniteLossError` knows of the step that failed. */
export interface NonFiniteLossDetails {
  /** Epoch, counted from 0. */
  readonly epoch: number;
  /** Step within the epoch, counted from 0. */
  readonly step: number;
  /** The loss: NaN, Infinity or -Infinity. */
  readonly loss: number;
}

/** Training met a loss that is not finite. The model holds the last good weights. */
export class NonFiniteLossError extends ConvoyError {
  override name = "NonFiniteLossError";
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;

  constructor(message: string, details: NonFiniteLossDetails) {
    super(message);
    this.epoch = details.epoch;
    this.step = details.step;
    this.loss = details.loss;
  }
}

/** `a, b, c` for messages that list what is known. */
export function listNames(names: Iterable<string>): string {
  return [...names].map((name) => `"${name}"`).join(", ");
}

/** `[64,28,28,1]`, the way shapes stand in every message. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => (size === null ? "null" : String(size))).join(",")}]`;
}
