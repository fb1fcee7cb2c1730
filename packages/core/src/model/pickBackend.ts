import type { Backend } from "../backend/index.js";
import { checkOptions } from "../checkOption.js";
import { ArgumentError, BackendUnavailableError } from "../errors.js";
import { conv2d, dense, flatten, maxPooling2d } from "../layers/index.js";
import { sequential } from "./sequential.js";

/** What opens a backend: `wasm`, `webgpu`, `cuda`, or a function that loads a package when it is asked to. */
export type BackendFactory = () => Backend | Promise<Backend>;

/** A backend that was looked at. */
export interface BackendCandidate {
  /** "cuda"; of one that could not be opened the name of its function. */
  readonly name: string;
  /** What it runs on; absent where it could not be opened. */
  readonly device?: string;
  /** Why it was taken, or passed over with what would be needed. */
  readonly reason: string;
  /** Microseconds in which it classifies an image; absent where it was not measured. */
  readonly usPerImage?: number;
}

/** What `pickBackend` took and what it passed over. */
export interface BackendChoice {
  readonly taken: BackendCandidate;
  /** In the order given. */
  readonly passedOver: readonly BackendCandidate[];
  /** All of it in plain text, a line each. */
  readonly text: string;
}

/** Options of `pickBackend`. */
export interface PickBackendOptions {
  /** Milliseconds for which each is measured where two or more could do; default 100. */
  readonly probeMs?: number;
  /** Told what was taken and why: `({ text }) => console.log(text)`. */
  readonly onChoice?: (choice: BackendChoice) => void;
}

/** How much faster a later one has to be to come before an earlier: measuring is not exact. */
const clearlyFaster = 1.25;
/** Images of a measured step. */
const probeBatch = 128;

interface Opened {
  readonly backend: Backend;
  /** In the order given. */
  readonly position: number;
  readonly usPerImage?: number;
}

/**
 * Opens the best of some backends:
 *
 *     const backend = await pickBackend([cuda, webgpu, wasm]);
 *
 * It is the first that can be opened and computes on real hardware; one that emulates a GPU on the processor is taken only if
 * there is no other. Where several could do, each classifies images for about 100 ms, and one that is at least a quarter faster
 * than those before it comes first. The others are disposed of.
 *
 * @param factories in order of preference; for packages that may be missing `async () => (await import("...")).cuda()`
 * @throws BackendUnavailableError when none can be opened, with the reason and the remedy of each
 * @throws ArgumentError for an empty list, or what is no function
 */
export async function pickBackend(
  factories: readonly BackendFactory[],
  options: PickBackendOptions = {},
): Promise<Backend> {
  const { probeMs = 100, onChoice } = checkOptions("pickBackend", options, ["probeMs", "onChoice"]);
  checkFactories(factories);
  if (!(probeMs > 0)) {
    throw new ArgumentError(`pickBackend: probeMs is ${probeMs}, expected a number of milliseconds above 0`);
  }
  const opened: Opened[] = [];
  const missing: (BackendCandidate & { readonly position: number })[] = [];
  for (const [position, factory] of factories.entries()) {
    try {
      opened.push({ backend: await factory(), position });
    } catch (error) {
      missing.push({ name: factory.name || `number ${position + 1}`, reason: messageOf(error), position });
    }
  }
  const real = opened.filter(({ backend }) => !isSoftware(backend));
  const able = real.length > 0 ? real : opened;
  const measured = able.length > 1 ? await measureAll(able, probeMs, missing) : able;
  const taken = fastest(measured);
  for (const { backend } of opened.filter(({ position }) => position !== taken?.position)) {
    await backend.dispose();
  }
  if (taken === undefined) {
    throw new BackendUnavailableError(
      ["pickBackend: no backend can be used here", ...missing.map((each) => line(each))].join("\n  - "),
    );
  }
  onChoice?.(choiceOf(taken, measured, opened, missing));
  return taken.backend;
}

function checkFactories(factories: readonly BackendFactory[]): void {
  if (!Array.isArray(factories) || factories.length === 0) {
    throw new ArgumentError("pickBackend: expected a list of functions that open backends: [cuda, webgpu, wasm]");
  }
  const wrong = factories.findIndex((factory) => typeof factory !== "function");
  if (wrong !== -1) {
    throw new ArgumentError(
      `pickBackend: number ${wrong + 1} of the list is no function; pass wasm, not wasm() or "wasm"`,
    );
  }
}

/** With the time of each; one that fails is disposed of and told with its reason. */
async function measureAll(
  able: readonly Opened[],
  probeMs: number,
  missing: (BackendCandidate & { readonly position: number })[],
): Promise<Opened[]> {
  const measured: Opened[] = [];
  for (const each of able) {
    const { backend, position } = each;
    try {
      measured.push({ ...each, usPerImage: await probe(backend, probeMs) });
    } catch (error) {
      missing.push({ ...nameOf(backend), position, reason: `it failed when it was tried: ${messageOf(error)}` });
    }
  }
  return measured;
}

/** Microseconds in which a backend classifies an image of 28x28. Compilation and the first run do not count. */
async function probe(backend: Backend, probeMs: number): Promise<number> {
  const network = sequential([
    conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10, activation: "softmax" }),
  ]);
  const data = Uint8Array.from({ length: probeBatch * 784 }, (_, index) => (index * 37) % 256);
  const images = { data, shape: [probeBatch, 28, 28, 1], scale: 1 / 255 };
  try {
    network.compile({ backend });
    await network.predict(images, { batchSize: probeBatch });
    const start = performance.now();
    let runs = 0;
    let spentMs = 0;
    while (spentMs < probeMs) {
      await network.predict(images, { batchSize: probeBatch });
      runs++;
      spentMs = performance.now() - start;
    }
    return (spentMs * 1000) / (runs * probeBatch);
  } finally {
    network.dispose();
  }
}

/** The first, unless a later one is clearly faster. */
function fastest(measured: readonly Opened[]): Opened | undefined {
  return measured.reduce<Opened | undefined>(
    (best, other) =>
      best === undefined || (other.usPerImage ?? 0) * clearlyFaster < (best.usPerImage ?? 0) ? other : best,
    undefined,
  );
}

function choiceOf(
  { backend, position, usPerImage }: Opened,
  measured: readonly Opened[],
  opened: readonly Opened[],
  missing: readonly (BackendCandidate & { readonly position: number })[],
): BackendChoice {
  const others = measured.filter((other) => other.position !== position);
  const failed = new Set(missing.map((each) => each.position));
  const software = opened.filter(
    (each) => each.position !== position && !failed.has(each.position) && !others.includes(each),
  );
  const passedOver = [
    ...missing,
    ...others.map((other) => ({
      ...nameOf(other.backend),
      position: other.position,
      usPerImage: other.usPerImage as number,
      reason: `${backend.name} is preferred: ${format(other.usPerImage)} µs an image, ${backend.name} ${format(usPerImage)} µs`,
    })),
    ...software
      .filter((each) => isSoftware(each.backend))
      .map((each) => ({
        ...nameOf(each.backend),
        position: each.position,
        reason: "it emulates a GPU on the processor; install the driver of the graphics card, if there is one",
      })),
  ].sort((a, b) => a.position - b.position);
  const reason =
    others.length > 0
      ? `${format(usPerImage)} µs an image, before ${others.map((other) => `${other.backend.name} with ${format(other.usPerImage)}`).join(", ")}`
      : isSoftware(backend)
        ? "it emulates a GPU on the processor, and there is nothing else"
        : "the only one here that computes on real hardware";
  const taken = { ...nameOf(backend), reason, ...(usPerImage === undefined ? {} : { usPerImage }) };
  const told = passedOver.map(({ position: _, ...each }) => each);
  return {
    taken,
    passedOver: told,
    text: [line(taken, "backend "), ...told.map((each) => line(each, "not "))].join("\n"),
  };
}

function nameOf({ name, device }: Backend): { readonly name: string; readonly device: string } {
  return { name, device: device.name };
}

function isSoftware({ device }: Backend): boolean {
  return device.details.software === true;
}

function line({ name, device, reason }: BackendCandidate, before = ""): string {
  const where = device === undefined ? "" : ` (${device})`;
  const own = reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason;
  return `${before}${name}${where}: ${own}`;
}

function format(usPerImage = Number.NaN): string {
  return usPerImage.toFixed(usPerImage < 10 ? 1 : 0);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
