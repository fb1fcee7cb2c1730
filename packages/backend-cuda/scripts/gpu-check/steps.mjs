// Time of a training step of the `tutorial` network, and of everything before the first one.
import { importPackage } from "./packages.mjs";

const { applications } = await importPackage("@convoy/core");
const { syntheticDigits } = await importPackage("@convoy/core/datasets");
const { stepBytes, stepLayout, typedArrays } = await importPackage("@convoy/core/backend");

const rounds = 7;

/** @param {any} backend @param {number} batchSize */
async function trainOnce(backend, batchSize) {
  const { images, labels } = syntheticDigits({ samples: batchSize, seed: 1 });
  const model = applications.tutorial({ seed: 1 });
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(images, labels, { epochs: 1, batchSize, verbose: 0 });
  model.dispose();
}

/** Driver, module, graph and one step. @param {() => Promise<any>} open */
export async function startUp(open) {
  const started = performance.now();
  const backend = await open();
  const openedMs = performance.now() - started;
  await trainOnce(backend, 64);
  const ms = performance.now() - started;
  const { name: device, details } = backend.device;
  await backend.dispose();
  return { device, details, openedMs, ms };
}

/**
 * Microseconds a step, over whole runs of `count` steps on data that is on the device already.
 * @param {() => Promise<any>} open @param {number} batchSize @param {number} count
 */
export async function stepTimes(open, batchSize, count) {
  const backend = await open();
  const compile = backend.compile.bind(backend);
  /** @type {any} */
  let plan;
  backend.compile = (/** @type {any} */ wanted, /** @type {any[]} */ ...rest) => {
    if (wanted.mode === "train") plan = wanted;
    return compile(wanted, ...rest);
  };
  await trainOnce(backend, batchSize);
  backend.compile = compile;

  /** @type {Record<string, any>} */
  const buffers = { arena: backend.createBuffer("arena", { dtype: "uint8", length: plan.arenaBytes }) };
  for (const [name, spec] of Object.entries(plan.buffers)) {
    const { dtype, length } = /** @type {any} */ (spec);
    buffers[name] = backend.createBuffer(name, { dtype, length });
    // Numbers, not zeros: zeros run faster than data.
    const content = new typedArrays[dtype](length).map((/** @type {number} */ _, /** @type {number} */ index) => {
      const random = (Math.imul(index + 1, 2654435761) >>> 0) / 2 ** 32;
      if (name === "parameters") return random * 0.2 - 0.1;
      if (name === "inputs") return dtype === "uint8" ? random * 255 : random;
      return name === "labels" ? index % 10 : name === "order" ? index : 0;
    });
    buffers[name].write(content);
  }
  const bytes = new Uint8Array(count * stepBytes);
  for (let row = 0; row < count; row++) {
    const view = new DataView(bytes.buffer, row * stepBytes, stepBytes);
    view.setUint32(stepLayout.iteration * 4, row, true);
    view.setFloat32(stepLayout.learningRate * 4, 1e-4, true);
    view.setFloat32(stepLayout.stepSize * 4, 1e-4, true);
  }
  const executable = await compile(plan, buffers);
  const times = [];
  await executable.run({ count, bytes });
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await executable.run({ count, bytes });
    times.push(((performance.now() - started) * 1000) / count);
  }
  times.sort((a, b) => a - b);
  const { kernels } = executable;
  await backend.dispose();
  return { medianUs: times[rounds >> 1], fastestUs: times[0], slowestUs: times[rounds - 1], kernels: kernels.length };
}
