import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, DeviceBuffer } from "../../backend/index.js";
import {
  ArgumentError,
  DeviceError,
  type FitOptions,
  layers,
  type Sequential,
  sequential,
  type Tensor,
} from "../../index.js";
import { RandomStream } from "../../random/index.js";
import { reference } from "../../reference/index.js";

let sound: Backend;
beforeAll(async () => {
  sound = await reference();
});
afterAll(() => sound.dispose());

const samples = 48;
const steps = 6;
const random = new RandomStream(5, "test");
/** Two classes that a line parts. */
const x: Tensor<Float32Array> = {
  data: Float32Array.from({ length: samples * 4 }, () => random.normal()),
  shape: [samples, 4],
};
const y = Array.from({ length: samples }, (_, row) => (x.data[row * 4]! + x.data[row * 4 + 1]! > 0 ? 1 : 0));
const quiet: FitOptions = { verbose: 0, batchSize: 8 };

/** A reference backend that can be told to fail: for good, at once or before a run of steps, or only once. */
class Failing {
  readonly backend: Backend;
  #runsLeft = Infinity;
  #spoilsNext = false;
  #readsToRefuse = 0;
  #refusedRun: Error | undefined;

  private constructor(inner: Backend) {
    const lost = () => {
      if (this.#runsLeft <= 0) {
        throw new DeviceError("fake: the device is lost");
      }
    };
    const guarded = (buffer: DeviceBuffer): DeviceBuffer => {
      const [read, write] = [buffer.read.bind(buffer), buffer.write.bind(buffer)];
      return Object.assign(buffer, {
        read: async (...range: Parameters<typeof read>) => {
          lost();
          const [offset = 0, length = buffer.length - offset] = range;
          if (length > 1 && this.#readsToRefuse > 0) {
            this.#readsToRefuse--;
            throw new DeviceError("fake: out of memory");
          }
          return await read(...range);
        },
        write: (...content: Parameters<typeof write>) => {
          lost();
          write(...content);
        },
      });
    };
    this.backend = {
      name: inner.name,
      device: inner.device,
      fusions: [],
      supports: (op) => inner.supports(op),
      createBuffer: (label, spec) => {
        lost();
        return guarded(inner.createBuffer(label, spec));
      },
      compile: async (plan, buffers, onProgress) => {
        lost();
        const executable = await inner.compile(plan, buffers, onProgress);
        return {
          run: async (table) => {
            if (this.#refusedRun !== undefined) {
              const error = this.#refusedRun;
              this.#refusedRun = undefined;
              throw error;
            }
            this.#runsLeft--;
            lost();
            const results = await executable.run(table);
            if (this.#spoilsNext) {
              this.#spoilsNext = false;
              throw new DeviceError("fake: a kernel failed");
            }
            return results;
          },
          dispose: () => executable.dispose(),
        };
      },
      synchronize: () => inner.synchronize(),
      memory: () => inner.memory(),
      dispose: () => inner.dispose(),
    };
  }

  static async make(): Promise<Failing> {
    return new Failing(await reference());
  }

  /** Fails in the run after `runs` more of them, and from then on in everything. */
  failAfter(runs: number): void {
    this.#runsLeft = runs + 1;
  }

  fail(): void {
    this.#runsLeft = 0;
  }

  /** The next run fails with the weights changed already, and all is well afterwards. */
  spoilNextRun(): void {
    this.#spoilsNext = true;
  }

  /** The next reads of more than one number fail, and all is well afterwards. */
  refuseReads(count: number): void {
    this.#readsToRefuse = count;
  }

  /** The next run fails before it has done anything, and all is well afterwards. */
  refuseRun(error: Error): void {
    this.#refusedRun = error;
  }

  /** Works again. */
  recover(): void {
    this.#runsLeft = Infinity;
  }
}

const options = { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;

async function failing(): Promise<{ device: Failing; model: Sequential }> {
  const device = await Failing.make();
  const model = sequential([
    layers.dense({ units: 8, activation: "relu", inputShape: [4] }),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  model.compile({ backend: device.backend, ...options });
  return { device, model };
}

const values = (weights: readonly { readonly data: Float32Array }[]) => weights.map(({ data }) => [...data]);

describe("a device that fails in fit", () => {
  it("leaves the model with a copy of its weights, with which training goes on elsewhere", async () => {
    const { device, model } = await failing();
    const start = await model.evaluate(x, y, { verbose: 0 });
    const seen: number[][][] = [values(await model.getWeights())];
    const fitting = model.fit(x, y, {
      ...quiet,
      epochs: 10,
      callbacks: [
        {
          onBatchEnd: async (_, __, run) => void seen.push((await run.getWeights()).map((data) => [...data])),
          onEpochEnd: (epoch) => {
            if (epoch === 2) {
              device.failAfter(2);
            }
          },
        },
      ],
    });
    const error: DeviceError = await fitting.then(
      () => expect.fail("fit went on"),
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(DeviceError);
    const place = /fake: the device is lost\. The model holds its weights from before step (\d+) of epoch (\d+);/;
    expect(error.message).toMatch(place);
    const [step, epoch] = place.exec(error.message)!.slice(1).map(Number) as [number, number];
    expect(error.message).toContain(
      `compile it with another backend and call fit again with initialEpoch: ${epoch - 1}`,
    );
    expect((error.cause as Error).message).toBe("fake: the device is lost");
    const kept = await model.getWeights();
    expect(values(kept)).toEqual(seen[(epoch - 1) * steps + step - 1]);

    model.compile({ backend: sound, ...options });
    expect(await model.getWeights()).toEqual(kept);
    const { epochs, history } = await model.fit(x, y, { ...quiet, epochs: 10, initialEpoch: epoch - 1 });
    expect(epochs).toEqual(Array.from({ length: 11 - epoch }, (_, index) => epoch - 1 + index));
    expect(history.loss!.at(-1)!).toBeLessThan(start.loss!);
    model.dispose();
  });

  it("before the first step leaves the weights as they were", async () => {
    const { device, model } = await failing();
    const before = await model.getWeights();
    device.failAfter(0);
    await expect(model.fit(x, y, { ...quiet, epochs: 4, initialEpoch: 2 })).rejects.toThrow(
      /weights from before step 1 of epoch 3;.*initialEpoch: 2/,
    );
    expect(await model.getWeights()).toEqual(before);
    model.dispose();
  });

  it("when the last step is done says that nothing is left to train", async () => {
    const { device, model } = await failing();
    let trained: number[][] = [];
    const fitting = model.fit(x, y, {
      ...quiet,
      epochs: 2,
      callbacks: [
        {
          onTrainEnd: async (run) => {
            const weights = await run.getWeights();
            // What is set from outside is kept as it is.
            run.setWeights(weights);
            trained = weights.map((data) => [...data]);
            device.fail();
            await run.getWeights();
          },
        },
      ],
    });
    await expect(fitting).rejects.toThrow(/The model holds its weights from after the last epoch; compile it with/);
    expect(values(await model.getWeights())).toEqual(trained);
  });

  it("names no other backend where this one goes on", async () => {
    const { model } = await failing();
    const tooLarge = () => {
      throw new DeviceError("fake: cannot allocate");
    };
    const fitting = model.fit(x, y, { ...quiet, callbacks: [{ onTrainBegin: tooLarge }] });
    await expect(fitting).rejects.toThrow(/^fake: cannot allocate$/);
    await model.fit(x, y, quiet);
    model.dispose();
  });

  it("in a step alone does not leave what that step has done", async () => {
    const { device, model } = await failing();
    await model.fit(x, y, quiet);
    const kept = await model.getWeights();
    device.spoilNextRun();
    await expect(model.fit(x, y, { ...quiet, epochs: 3 })).rejects.toThrow(
      /^fake: a kernel failed\. The model holds its weights from before step 1 of epoch 1;.* initialEpoch: 0$/,
    );
    expect(await model.getWeights()).toEqual(kept);
    await model.fit(x, y, quiet);
    expect(await model.getWeights()).not.toEqual(kept);
    model.dispose();
  });

  it("and works again afterwards goes on from the copy", async () => {
    const { device, model } = await failing();
    await model.fit(x, y, quiet);
    const kept = await model.getWeights();
    device.failAfter(0);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(DeviceError);
    device.recover();
    expect(await model.getWeights()).toEqual(kept);
    await model.fit(x, y, quiet);
    expect(await model.getWeights()).not.toEqual(kept);
    model.dispose();
  });
});

describe("a device that fails after fit", () => {
  it.each([
    ["evaluate", (model: Sequential) => model.evaluate(x, y, { verbose: 0 })],
    ["predict", (model: Sequential) => model.predict(x)],
    ["trainOnBatch", (model: Sequential) => model.trainOnBatch(x, y)],
    ["fit", (model: Sequential) => model.fit(x, y, { ...quiet, epochs: 2 })],
  ])("ends %s in a DeviceError with the remedy, and no weights are lost", async (_, call) => {
    const { device, model } = await failing();
    await model.fit(x, y, { ...quiet, epochs: 3 });
    const trained = await model.getWeights();
    const expected = await model.evaluate(x, y, { verbose: 0 });
    device.failAfter(0);
    await expect(call(model)).rejects.toThrow(DeviceError);
    await expect(call(model)).rejects.toThrow(/^fake: the device is lost\..*compile it with another backend/);
    expect(await model.getWeights()).toEqual(trained);
    model.compile({ backend: sound, ...options });
    expect(await model.evaluate(x, y, { verbose: 0 })).toEqual(expected);
    model.dispose();
  });

  it("keeps the weights through a backend that cannot take them either", async () => {
    const { device, model } = await failing();
    await model.fit(x, y, quiet);
    const trained = await model.getWeights();
    device.fail();
    model.compile({ backend: device.backend, ...options });
    await expect(model.predict(x)).rejects.toThrow(DeviceError);
    expect(await model.getWeights()).toEqual(trained);
    model.compile({ backend: sound, ...options });
    await model.predict(x);
    expect(await model.getWeights()).toEqual(trained);
    model.dispose();
  });

  it("takes weights set from outside once the model is compiled elsewhere", async () => {
    const { device, model } = await failing();
    const first = await model.getWeights();
    await model.fit(x, y, quiet);
    device.fail();
    await expect(model.setWeights(first)).rejects.toThrow(DeviceError);
    model.compile({ backend: sound, ...options });
    await model.setWeights(first);
    expect(await model.getWeights()).toEqual(first);
    model.dispose();
  });

  it("can be disposed of", async () => {
    const { device, model } = await failing();
    await model.fit(x, y, quiet);
    device.fail();
    await expect(model.predict(x)).rejects.toThrow(DeviceError);
    model.dispose();
    expect(device.backend.memory().usedBytes).toBe(0);
    await device.backend.dispose();
  });
});

describe("a device that goes on after an error", () => {
  /** What the same training gives without any error. */
  async function undisturbed(steps: number): Promise<number[][]> {
    const { model } = await failing();
    await model.fit(x, y, quiet);
    for (let step = 0; step < steps; step++) {
      await model.trainOnBatch(x, y);
    }
    const weights = values(await model.getWeights());
    model.dispose();
    return weights;
  }

  /** A model that has trained on since the end of `fit`, so that what is on its device is newer than any copy. */
  async function trainedOn(steps: number): Promise<Awaited<ReturnType<typeof failing>>> {
    const made = await failing();
    await made.model.fit(x, y, quiet);
    for (let step = 0; step < steps; step++) {
      await made.model.trainOnBatch(x, y);
    }
    return made;
  }

  it("rejects getWeights where they cannot be read, rather than give older ones, and then gives the newest", async () => {
    const { device, model } = await trainedOn(3);
    device.refuseReads(2);
    await expect(model.getWeights()).rejects.toThrow(/^fake: out of memory$/);
    await expect(model.getWeights()).rejects.toThrow(DeviceError);
    expect(values(await model.getWeights())).toEqual(await undisturbed(3));
    await model.trainOnBatch(x, y);
    expect(values(await model.getWeights())).toEqual(await undisturbed(4));
    model.dispose();
  });

  it("trains on from the newest weights after a read that failed", async () => {
    const { device, model } = await trainedOn(3);
    device.refuseReads(1);
    await expect(model.getWeights()).rejects.toThrow(DeviceError);
    await model.trainOnBatch(x, y);
    expect(values(await model.getWeights())).toEqual(await undisturbed(4));
    model.dispose();
  });

  it("ends fit in the error of a callback's read as it is, with the newest weights kept", async () => {
    const { device, model } = await failing();
    let newest: number[][] = [];
    const fitting = model.fit(x, y, {
      ...quiet,
      callbacks: [
        {
          onBatchEnd: async (step, _, run) => {
            if (step === 3) {
              newest = (await run.getWeights()).map((data) => [...data]);
              device.refuseReads(1);
              await run.getWeights();
            }
          },
        },
      ],
    });
    await expect(fitting).rejects.toThrow(/^fake: out of memory$/);
    expect(values(await model.getWeights())).toEqual(newest);
    model.dispose();
  });

  it("moves the newest weights to another backend once they can be read", async () => {
    const { device, model } = await trainedOn(3);
    model.compile({ backend: sound, ...options });
    device.refuseReads(1);
    await expect(model.predict(x)).rejects.toThrow(/^fake: out of memory$/);
    await model.predict(x);
    expect(values(await model.getWeights())).toEqual(await undisturbed(3));
    model.dispose();
  });

  it.each([
    ["trainOnBatch", (model: Sequential) => model.trainOnBatch(x, y)],
    ["fit", (model: Sequential) => model.fit(x, y, quiet)],
  ])("keeps the newest weights where a run in %s refuses its arguments", async (_, call) => {
    const { device, model } = await trainedOn(3);
    device.refuseRun(new ArgumentError("fake: a table of no rows"));
    const refused = call(model);
    await expect(refused).rejects.toThrow(/^fake: a table of no rows$/);
    await expect(refused).rejects.toThrow(ArgumentError);
    expect(values(await model.getWeights())).toEqual(await undisturbed(3));
    model.dispose();
  });

  it("gives the last copy once not one number can be read", async () => {
    const { device, model } = await trainedOn(3);
    device.fail();
    const copy = values(await model.getWeights());
    expect(copy).not.toEqual(await undisturbed(3));
    device.recover();
    expect(values(await model.getWeights())).toEqual(copy);
    model.dispose();
  });
});
