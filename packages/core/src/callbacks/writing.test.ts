import "fake-indexeddb/auto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backend } from "../backend/index.js";
import {
  type Callback,
  callbacks,
  type FitOptions,
  type History,
  layers,
  loadModel,
  ModelFileError,
  ModelFileNotFoundError,
  type ModelStore,
  optimizers,
  sequential,
  stores,
} from "../index.js";
import { reference } from "../reference/index.js";
import { fillPlaceholders } from "./fillPlaceholders.js";

let backend: Backend;
let folder: string;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-callbacks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rows = 16;
const x = { data: Float32Array.from({ length: rows * 3 }, (_, index) => Math.sin(index * 1.3)), shape: [rows, 3] };
const y = Array.from({ length: rows }, (_, row) => Number(Math.sin(row * 7.7) > 0));
/** Three steps an epoch. */
const quiet: FitOptions = { verbose: 0, batchSize: 4, validationSplit: 0.25 };

function compiled(seed = 0, learningRate = 0.05) {
  const model = sequential(
    [
      layers.dense({ units: 6, activation: "relu", inputShape: [3] }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 2, activation: "softmax" }),
    ],
    { seed },
  );
  model.compile({
    backend,
    optimizer: optimizers.adam({ learningRate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const numbers = async (model: { getWeights(): Promise<{ data: Float32Array }[]> }) =>
  (await model.getWeights()).map(({ data }) => data);

/** A store that keeps what is written in memory. */
function memory(): ModelStore & { bytes: Uint8Array | undefined; writes: number } {
  return {
    bytes: undefined,
    writes: 0,
    async read() {
      return this.bytes;
    },
    async write(bytes) {
      this.bytes = bytes;
      this.writes++;
    },
    async remove() {
      this.bytes = undefined;
    },
  };
}

/** Logs of one value, as a training has them that goes as it should for a test. */
function monitored(values: readonly number[]): Callback {
  return { onEpochEnd: (epoch, _, training) => training.log("val_score", values[epoch]!) };
}

describe("placeholders", () => {
  const values = { epoch: 3, val_loss: 0.123456789, loss: -2.5, "digits-1_loss": 12 };
  it.each([
    ["{epoch}", "3"],
    ["{epoch:02d}-{val_loss:.2f}", "03-0.12"],
    ["{epoch:4d}|{epoch:04}", "   3|0003"],
    ["{val_loss:.3e} {epoch:e}", "1.235e-01 3.000000e+00"],
    ["{val_loss:.2g} {val_loss:g} {val_loss:.3}", "0.12 0.123457 0.123"],
    ["{loss:06.1f} {loss:f}", "-002.5 -2.500000"],
    ["{digits-1_loss} {val_loss}", "12 0.123456789"],
    ["{{epoch}} no }} {{", "{epoch} no } {"],
  ])("fill %s as Python does", (text, filled) => {
    expect(fillPlaceholders("it", text, values)).toBe(filled);
  });

  it("must be known and of a format", () => {
    expect(() => fillPlaceholders("it", "{val_acc}", values)).toThrow(
      /placeholder {val_acc}.*there are "epoch", "val_loss"/,
    );
    expect(() => fillPlaceholders("it", "{val_loss:d}", values)).toThrow(/"d" is no format of the number 0.123/);
    expect(() => fillPlaceholders("it", "{epoch:>3}", values)).toThrow(/">3" is no format/);
  });
});

describe("modelCheckpoint", () => {
  it("saves the model of every epoch, and training goes on from there to the same bits", async () => {
    const model = compiled();
    const path = join(folder, "run", "{epoch:02d}-{val_loss:.2f}.safetensors");
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3, callbacks: [callbacks.modelCheckpoint(path)] });
    const names = history.val_loss!.map((loss, epoch) => `0${epoch + 1}-${loss.toFixed(2)}.safetensors`);
    expect(readdirSync(join(folder, "run"))).toEqual(names);
    const loaded = await loadModel(join(folder, "run", names[1]!), { backend });
    const resumeFrom = await loaded.getTrainingState();
    const resumed = await loaded.fit(x, y, { ...quiet, epochs: 3, resumeFrom });
    expect(resumed.epochs).toEqual([2]);
    expect(resumed.history.val_loss).toEqual(history.val_loss!.slice(2));
    expect(await numbers(loaded)).toEqual(await numbers(model));
  });

  it("saves the best only", async () => {
    const saved: number[] = [];
    const target = ({ epoch }: Record<string, number>): ModelStore => ({ write: async () => void saved.push(epoch!) });
    const fit = async (options: callbacks.ModelCheckpointOptions, values: number[]) => {
      saved.length = 0;
      const checkpoint = callbacks.modelCheckpoint(target, { saveBestOnly: true, monitor: "val_score", ...options });
      await compiled().fit(x, y, { ...quiet, epochs: values.length, callbacks: [monitored(values), checkpoint] });
      return [...saved];
    };
    expect(await fit({ mode: "min" }, [3, 2, 2, 4, 1])).toEqual([1, 2, 5]);
    expect(await fit({ mode: "max" }, [3, 2, 2, 4, 1])).toEqual([1, 4]);
    expect(await fit({ mode: "max", initialValueThreshold: 3 }, [3, 2, 2, 4, 1])).toEqual([4]);
  });

  it("goes on with the best before from a state", async () => {
    const values = [3, 1, 2, 2];
    const fit = async (options: FitOptions) => {
      const store = memory();
      const watched = { saveBestOnly: true, monitor: "val_score", mode: "min" } as const;
      const checkpoint = callbacks.modelCheckpoint(store, watched);
      await compiled().fit(x, y, {
        ...quiet,
        epochs: 4,
        ...options,
        callbacks: [monitored(values), checkpoint, ...(options.callbacks ?? [])],
      });
      return store.writes;
    };
    const states: FitOptions["resumeFrom"][] = [];
    const onEpochEnd: Callback["onEpochEnd"] = async (_, __, training) => void states.push(await training.getState());
    expect(await fit({ callbacks: [{ onEpochEnd }] })).toBe(2);
    expect(await fit({ resumeFrom: states[1]! })).toBe(0);
  });

  it("saves the weights alone", async () => {
    const model = compiled();
    const path = join(folder, "weights.safetensors");
    await model.fit(x, y, {
      ...quiet,
      callbacks: [callbacks.modelCheckpoint(pathToFileURL(path), { saveWeightsOnly: true })],
    });
    const other = compiled(1);
    await other.loadWeights(path);
    expect(await numbers(other)).toEqual(await numbers(model));
    await expect(loadModel(path)).rejects.toThrow(/weights alone/);
  });

  it("saves after so many steps, over the ends of epochs", async () => {
    const saved: string[] = [];
    const target = ({ epoch, batch, loss }: Record<string, number>): ModelStore => {
      expect(loss).toBeGreaterThan(0);
      return { write: async () => void saved.push(`${epoch}.${batch}`) };
    };
    await compiled().fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: [callbacks.modelCheckpoint(target, { saveFreq: 2 })],
    });
    expect(saved).toEqual(["1.2", "2.1", "2.3", "3.2"]);
  });

  it("refuses what it cannot do", async () => {
    expect(() => callbacks.modelCheckpoint("a", { saveFreq: 2, saveBestOnly: true })).toThrow(
      /"val_loss" is known at the end/,
    );
    expect(() => callbacks.modelCheckpoint("a", { saveFreq: 0 })).toThrow(/saveFreq.* is 0/);
    expect(() => callbacks.modelCheckpoint("a", { saveBestOnyl: true } as never)).toThrow(/did you mean saveBestOnly/);
    const checkpoint = callbacks.modelCheckpoint(join(folder, "{val_acc}"));
    await expect(compiled().fit(x, y, { ...quiet, callbacks: [checkpoint] })).rejects.toThrow(/no such value/);
  });
});

describe("csvLogger", () => {
  const line = (epoch: number, { accuracy, loss, val_accuracy, val_loss }: History["history"], at = epoch) =>
    [epoch, accuracy![at], loss![at], val_accuracy![at], val_loss![at]].join(",");

  it("writes a line an epoch, values sorted by name", async () => {
    const path = join(folder, "log.csv");
    writeFileSync(path, "old");
    const { history } = await compiled().fit(x, y, { ...quiet, epochs: 2, callbacks: [callbacks.csvLogger(path)] });
    expect(readFileSync(path, "utf8")).toBe(
      ["epoch,accuracy,loss,val_accuracy,val_loss", line(0, history), line(1, history), ""].join("\r\n"),
    );
  });

  it("adds to a file without a second header", async () => {
    const path = join(folder, "log.csv");
    const logger = callbacks.csvLogger(path, { append: true, separator: ";" });
    const model = compiled();
    await model.fit(x, y, { ...quiet, callbacks: [logger] });
    const { history } = await model.fit(x, y, { ...quiet, epochs: 2, initialEpoch: 1, callbacks: [logger] });
    const lines = readFileSync(path, "utf8").split("\r\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe("epoch;accuracy;loss;val_accuracy;val_loss");
    expect(lines[2]).toBe(line(1, history, 0).replaceAll(",", ";"));
  });

  it("shows what is missing, and quotes names", async () => {
    const store = memory();
    const sometimes: Callback = { onEpochEnd: (epoch, _, t) => (epoch === 0 ? t.log('a "b", c', 1) : undefined) };
    await compiled().fit(x, y, { ...quiet, epochs: 2, callbacks: [sometimes, callbacks.csvLogger(store)] });
    const [header, first, second] = new TextDecoder().decode(store.bytes).split("\r\n");
    expect(header).toBe('epoch,"a ""b"", c",accuracy,loss,val_accuracy,val_loss');
    expect([first!.split(",")[1], second!.split(",")[1]]).toEqual(["1", "NA"]);
  });

  it("goes on with the file as it was at the state", async () => {
    const whole = memory();
    const states: FitOptions["resumeFrom"][] = [];
    const keep: Callback = { last: true, onEpochEnd: async (_, __, t) => void states.push(await t.getState()) };
    await compiled().fit(x, y, { ...quiet, epochs: 3, callbacks: [callbacks.csvLogger(whole), keep] });
    for (const append of [false, true]) {
      const later = memory();
      // Epochs that were written and then lost are there only once in the end.
      later.bytes = whole.bytes;
      const resumeFrom = structuredClone(states[0]!);
      await compiled().fit(x, y, {
        ...quiet,
        epochs: 3,
        resumeFrom,
        callbacks: [callbacks.csvLogger(later, { append })],
      });
      expect(new TextDecoder().decode(later.bytes)).toBe(new TextDecoder().decode(whole.bytes));
    }
  });

  it("refuses a separator that is none", () => {
    expect(() => callbacks.csvLogger("a", { separator: ", " })).toThrow(/separator is ", ", expected one character/);
    expect(() => callbacks.csvLogger("a", { separator: '"' })).toThrow(/expected one character/);
  });
});

describe("backupAndRestore", () => {
  /** Ends fit as a crash does. */
  const crash = (at: number): Callback => {
    let steps = 0;
    return {
      onBatchEnd: () => {
        steps++;
        if (steps === at) {
          throw new Error("crash");
        }
      },
    };
  };
  const working = () => [
    callbacks.reduceLROnPlateau({ factor: 0.5, patience: 1 }),
    callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
  ];

  it.each([["epoch" as const], [1], [2], [5]])("goes on to the same bits, saving by %s", async (saveFreq) => {
    const whole = compiled();
    const expected = await whole.fit(x, y, { ...quiet, epochs: 8, callbacks: working() });
    const path = join(folder, "backups", "run.safetensors");
    for (const at of [1, 4, 8, 13]) {
      const run = async (modelSeed: number, extra: Callback[]) => {
        const model = compiled(modelSeed);
        const backup = callbacks.backupAndRestore(path, { saveFreq });
        // First in the list: what the others do at the same moment is part of the backup all the same.
        const all = [backup, ...working(), ...extra];
        return { model, result: await model.fit(x, y, { ...quiet, seed: 0, epochs: 8, callbacks: all }) };
      };
      await expect(run(0, [crash(at)])).rejects.toThrow("crash");
      // Where something was saved, nothing of the model's first weights may be needed.
      const interval = saveFreq === "epoch" ? 3 : saveFreq;
      const saved = Math.floor((at - 1) / interval) * interval;
      const { model, result } = await run(saved > 0 ? 1 : 0, []);
      // After its last step, an epoch is still to be validated where its end was not saved.
      const first = Math.max(0, Math.floor((saved - (saveFreq === "epoch" ? 0 : 1)) / 3));
      expect(result.epochs).toEqual(expected.epochs.slice(first));
      for (const [name, values] of Object.entries(result.history)) {
        expect(values).toEqual(expected.history[name]!.slice(first));
      }
      expect(await numbers(model)).toEqual(await numbers(whole));
      expect(readdirSync(join(folder, "backups"))).toEqual([]);
    }
  });

  it("leaves the backup on request, and trains nothing more from its end", async () => {
    const store = memory();
    const backup = callbacks.backupAndRestore(store, { deleteCheckpoint: false });
    const model = compiled();
    await model.fit(x, y, { ...quiet, epochs: 2, callbacks: [backup] });
    expect(store.writes).toBe(2);
    const again = compiled(1);
    const { epochs } = await again.fit(x, y, { ...quiet, seed: 0, epochs: 2, callbacks: [backup] });
    expect(epochs).toEqual([]);
    expect(await numbers(again)).toEqual(await numbers(model));
  });

  it("goes on from stores of one's own and removes from them", async () => {
    const store = memory();
    const backup = callbacks.backupAndRestore(store);
    await expect(compiled().fit(x, y, { ...quiet, epochs: 3, callbacks: [backup, crash(4)] })).rejects.toThrow("crash");
    expect(store.bytes).toBeInstanceOf(Uint8Array);
    const { epochs } = await compiled().fit(x, y, { ...quiet, epochs: 3, callbacks: [backup] });
    expect([epochs, store.bytes]).toEqual([[1, 2], undefined]);
    expect(() => callbacks.backupAndRestore({ read: async () => undefined, write: async () => undefined })).toThrow(
      /has no remove\(\)/,
    );
  });

  it("goes on in a page, from IndexedDB", async () => {
    const backup = callbacks.backupAndRestore(stores.indexedDb("backup"));
    const whole = compiled();
    await whole.fit(x, y, { ...quiet, epochs: 3 });
    await expect(compiled().fit(x, y, { ...quiet, epochs: 3, callbacks: [backup, crash(8)] })).rejects.toThrow("crash");
    const model = compiled(1);
    const { epochs } = await model.fit(x, y, { ...quiet, seed: 0, epochs: 3, callbacks: [backup] });
    expect(epochs).toEqual([2]);
    expect(await numbers(model)).toEqual(await numbers(whole));
    await expect(stores.indexedDb("backup").read()).rejects.toThrow(ModelFileNotFoundError);
  });

  it("is a callback that any loss of one's own can be used with", async () => {
    const store = memory();
    const model = compiled();
    const schedule = (iteration: number) => 0.1 / (iteration + 1);
    model.compile({
      backend,
      optimizer: optimizers.sgd({ learningRate: schedule }),
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    const backup = callbacks.backupAndRestore(store, { deleteCheckpoint: false });
    await model.fit(x, y, { ...quiet, callbacks: [backup] });
    const { epochs } = await model.fit(x, y, { ...quiet, epochs: 2, callbacks: [backup] });
    expect(epochs).toEqual([1]);
  });

  it.each([
    [
      "is cut off",
      (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 5),
      {},
      /cannot be gone on from: .*Remove it/,
    ],
    ["is no backup", () => new TextEncoder().encode("loss,accuracy\r\n1,2"), {}, /cannot be gone on from/],
    [
      "is of another batch size",
      (bytes: Uint8Array) => bytes,
      { batchSize: 6 },
      /batchSize 4, this one has batchSize 6/,
    ],
  ])("says so where the backup %s", async (_, change, options, message) => {
    const path = join(folder, "backup");
    const backup = callbacks.backupAndRestore(path, { deleteCheckpoint: false });
    await compiled().fit(x, y, { ...quiet, callbacks: [backup] });
    writeFileSync(path, change(readFileSync(path)));
    const failure = await compiled()
      .fit(x, y, { ...quiet, epochs: 2, ...options, callbacks: [backup] })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ModelFileError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).toContain(path);
  });

  it("says so where the optimizer has other options", async () => {
    const store = memory();
    const backup = callbacks.backupAndRestore(store, { deleteCheckpoint: false });
    await compiled().fit(x, y, { ...quiet, callbacks: [backup] });
    await expect(compiled(0, 0.01).fit(x, y, { ...quiet, epochs: 2, callbacks: [backup] })).rejects.toThrow(
      /optimizer adam with learningRate 0.05, the model was compiled with learningRate 0.01/,
    );
  });
});

describe("callbacks that write", () => {
  it("say what they do when they are asked to", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const store = { name: "here", ...memory() };
    const options = { saveBestOnly: true, monitor: "val_score", mode: "min", verbose: 1 } as const;
    const checkpoint = callbacks.modelCheckpoint(store, options);
    await compiled().fit(x, y, { ...quiet, epochs: 2, callbacks: [monitored([2, 3]), checkpoint] });
    expect(log.mock.calls.flat()).toEqual([
      "Epoch 1: val_score improved from Infinity to 2.00000, saving model to here",
      "Epoch 2: val_score did not improve from 2.00000",
    ]);
    log.mockRestore();
  });
});
