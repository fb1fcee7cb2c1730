import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { callbacks, type FitOptions, layers, sequential } from "../../index.js";
import { reference } from "../../reference/index.js";
import type { Training } from "../callback.js";
import { crc32c, maskedCrc32c } from "./crc32c.js";
import { appendToFile } from "./eventFilesWeb.js";
import { scalarEvent } from "./events.js";
import { histogram } from "./histogram.js";

let backend: Backend;
let folder: string;
beforeAll(async () => {
  backend = await reference();
  folder = mkdtempSync(join(tmpdir(), "convoy-events-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await backend.dispose();
});

/** A field as the wire has it: its number and an integer, eight bytes or a run of bytes. */
type Field = [number: number, content: number | Uint8Array];

/** The fields of a message. */
function fields(message: Uint8Array): Field[] {
  const found: Field[] = [];
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[position++]!;
      value += (byte & 127) * factor;
      if (byte < 128) {
        return value;
      }
    }
  };
  const take = (length: number) => {
    position += length;
    return message.subarray(position - length, position);
  };
  while (position < message.length) {
    const key = varint();
    const kind = key % 8;
    const content = kind === 0 ? varint() : kind === 1 ? take(8) : kind === 2 ? take(varint()) : take(4);
    found.push([Math.floor(key / 8), content]);
  }
  return found;
}

/** The only field of a number in a message. */
function only<T extends number | Uint8Array>(message: Uint8Array, number: number): T {
  const own = fields(message).filter(([name]) => name === number);
  expect(own, `field ${number}`).toHaveLength(1);
  return own[0]![1] as T;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** The events of a file, its checksums checked. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const events: Uint8Array[] = [];
  for (let position = 0; position < bytes.length; ) {
    const header = bytes.subarray(position, position + 12);
    expect(view(header).getUint32(8, true)).toBe(maskedCrc32c(header.subarray(0, 8)));
    const length = Number(view(header).getBigUint64(0, true));
    const data = bytes.subarray(position + 12, position + 12 + length);
    expect(view(bytes).getUint32(position + 12 + length, true)).toBe(maskedCrc32c(data));
    events.push(data);
    position += 16 + length;
  }
  return events;
}

function readEvents(bytes: Uint8Array): { version: string; scalars: Scalar[] } {
  const [first, ...rest] = recordsOf(bytes);
  return { version: text(only(first!, 3)), scalars: rest.map(readScalar) };
}

/** The rows [from, to, count] of a histogram; undefined for another event. */
function readHistogram(event: Uint8Array): { tag: string; step: number; rows: number[][] } | undefined {
  const value = only<Uint8Array>(only(event, 5), 1);
  const metadata = only<Uint8Array>(value, 9);
  if (text(only(only(metadata, 1), 1)) !== "histograms") {
    return undefined;
  }
  expect(only(metadata, 4)).toBe(2);
  const tensor = only<Uint8Array>(value, 8);
  expect(only(tensor, 1)).toBe(2);
  const [rows, columns] = fields(only(tensor, 2)).map(([, dimension]) => only<number>(dimension as Uint8Array, 1));
  expect(columns).toBe(3);
  const content = view(only(tensor, 4));
  expect(content.byteLength).toBe(8 * 3 * rows!);
  return {
    tag: text(only(value, 1)),
    step: fields(event).some(([number]) => number === 2) ? only(event, 2) : 0,
    rows: Array.from({ length: rows! }, (_, row) =>
      [0, 1, 2].map((column) => content.getFloat64(8 * (3 * row + column), true)),
    ),
  };
}

function readScalar(event: Uint8Array): Scalar {
  expect(Math.abs(view(only(event, 1)).getFloat64(0, true) - Date.now() / 1000)).toBeLessThan(60);
  const value = only<Uint8Array>(only(event, 5), 1);
  const metadata = only<Uint8Array>(value, 9);
  expect(text(only(only(metadata, 1), 1))).toBe("scalars");
  const tensor = only<Uint8Array>(value, 8);
  expect([only(tensor, 1), only<Uint8Array>(tensor, 2).length]).toEqual([1, 0]);
  return { tag: text(only(value, 1)), step: only(event, 2), value: view(only(tensor, 4)).getFloat32(0, true) };
}

const rows = 12;
const x = { data: Float32Array.from({ length: rows * 2 }, (_, index) => Math.sin(index)), shape: [rows, 2] };
const y = Array.from({ length: rows }, (_, row) => row % 2);

async function fit(options: FitOptions) {
  const model = sequential([layers.dense({ units: 2, activation: "softmax", inputShape: [2] })]);
  model.compile({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return await model.fit(x, y, { verbose: 0, batchSize: 4, epochs: 2, validationSplit: 0.25, ...options });
}

/** The scalars of a run, which has one file. */
function eventsOf(logDir: string, run: string): Scalar[] {
  const names = readdirSync(join(logDir, run));
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+\.v2$/);
  const { version, scalars } = readEvents(readFileSync(join(logDir, run, names[0]!)));
  expect(version).toBe("brain.Event:2");
  return scalars;
}

const expected = (tags: [string, number, number][]): Scalar[] =>
  tags.map(([tag, step, value]) => ({ tag, step, value: Math.fround(value) }));

describe("checksums", () => {
  it("are those of RFC 3720", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  });

  it("are masked by a rotation and a sum", () => {
    const crc = 0xe3069283;
    const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
    expect(maskedCrc32c(new TextEncoder().encode("123456789"))).toBe((rotated + 0xa282ead8) % 2 ** 32);
  });
});

describe("an event", () => {
  it("holds steps beyond 32 bits and any tag", () => {
    const tag = `${"ä".repeat(100)}`;
    const event = scalarEvent(tag, -1.5, 2 ** 40 + 3, Date.now() / 1000);
    expect(readScalar(event)).toEqual({ tag, step: 2 ** 40 + 3, value: -1.5 });
  });
});

describe("tensorBoard", () => {
  it("writes what Keras writes, by epoch", async () => {
    const logDir = join(folder, "epochs");
    const { history } = await fit({ callbacks: [callbacks.tensorBoard({ logDir })] });
    const { loss, accuracy, val_loss, val_accuracy } = history as Record<string, number[]>;
    expect(eventsOf(logDir, "train")).toEqual(
      expected(
        [0, 1].flatMap((epoch): [string, number, number][] => [
          ["epoch_loss", epoch, loss![epoch]!],
          ["epoch_accuracy", epoch, accuracy![epoch]!],
          ["epoch_learning_rate", epoch, 0.01],
        ]),
      ),
    );
    expect(eventsOf(logDir, "validation")).toEqual(
      expected(
        [0, 1].flatMap((epoch): [string, number, number][] => [
          ["evaluation_loss_vs_iterations", 3 * (epoch + 1), val_loss![epoch]!],
          ["epoch_loss", epoch, val_loss![epoch]!],
          ["evaluation_accuracy_vs_iterations", 3 * (epoch + 1), val_accuracy![epoch]!],
          ["epoch_accuracy", epoch, val_accuracy![epoch]!],
        ]),
      ),
    );
  });

  it("writes every n-th step on request", async () => {
    const logDir = join(folder, "steps");
    const losses: [string, number, number][] = [];
    const note = {
      batchInterval: 2,
      onBatchEnd: (_: number, { loss }: { loss?: number }, { iteration }: { iteration: number }) =>
        void losses.push(["batch_loss", iteration, loss!]),
    };
    await fit({
      callbacks: [callbacks.tensorBoard({ logDir: pathToFileURL(logDir), updateFreq: 2 }), note as never],
      validationSplit: 0,
    });
    const seen = eventsOf(logDir, "train").filter(({ tag }) => tag === "batch_loss");
    expect(seen.map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(seen).toEqual(expected(losses));
    expect(readdirSync(logDir)).toEqual(["train"]);
  });

  it("writes steps a second on request", async () => {
    const logDir = join(folder, "speed");
    await fit({ callbacks: [callbacks.tensorBoard({ logDir, updateFreq: "batch", writeStepsPerSecond: true })] });
    const seen = eventsOf(logDir, "train").filter(({ tag }) => tag.endsWith("_steps_per_second"));
    expect(seen.map(({ tag, step }) => [tag, step])).toEqual([
      ...[1, 2, 3].map((step) => ["batch_steps_per_second", step]),
      ["epoch_steps_per_second", 0],
      ...[4, 5, 6].map((step) => ["batch_steps_per_second", step]),
      ["epoch_steps_per_second", 1],
    ]);
    expect(seen.every(({ value }) => value > 0 && Number.isFinite(value))).toBe(true);
  });

  it("writes histograms of the weights on request", async () => {
    const logDir = join(folder, "histograms");
    const weights: Float32Array[][] = [];
    const note = {
      onEpochEnd: async (_: number, __: object, run: Training) => void weights.push(await run.getWeights()),
    };
    await fit({ epochs: 3, callbacks: [callbacks.tensorBoard({ logDir, histogramFreq: 2 }), note as never] });
    const [name] = readdirSync(join(logDir, "train"));
    const [, ...events] = recordsOf(readFileSync(join(logDir, "train", name!)));
    const seen = events.flatMap((event) => readHistogram(event) ?? []);
    expect(seen.map(({ tag, step }) => [tag, step])).toEqual(
      [0, 2].flatMap((epoch) => [
        ["dense/kernel/histogram", epoch],
        ["dense/bias/histogram", epoch],
      ]),
    );
    const [kernel] = weights[2]!;
    const { rows } = seen[2]!;
    expect(rows).toHaveLength(30);
    expect(rows[0]![0]).toBe(Math.min(...kernel!));
    expect(rows[29]![1]).toBe(Math.max(...kernel!));
    for (const [from, to, count] of rows.slice(0, -1)) {
      expect(count).toBe(kernel!.filter((value) => value >= from! && value < to!).length);
    }
    expect(rows.reduce((sum, [, , count]) => sum + count!, 0)).toBe(kernel!.length);
  });

  it("counts numbers in ranges of one width, those that are not finite left out", () => {
    const counted = histogram([0, 1, 2, 3, 3, Number.NaN, Infinity, -Infinity]);
    expect(counted.filter(({ count }) => count > 0)).toEqual([
      { from: 0, to: expect.closeTo(0.1, 12), count: 1 },
      { from: expect.closeTo(1, 12), to: expect.closeTo(1.1, 12), count: 1 },
      { from: expect.closeTo(2, 12), to: expect.closeTo(2.1, 12), count: 1 },
      { from: expect.closeTo(2.9, 12), to: 3, count: 2 },
    ]);
    expect(histogram([2, 2, 2])).toEqual([{ from: 1.5, to: 2.5, count: 3 }]);
    expect(histogram([Number.NaN])).toEqual([]);
  });

  it("hands the bytes to a store of one's own, in pages and elsewhere", async () => {
    const files = new Map<string, number[]>();
    const append = (name: string, bytes: Uint8Array) => void files.set(name, [...(files.get(name) ?? []), ...bytes]);
    await fit({ callbacks: [callbacks.tensorBoard({ logDir: { append } })] });
    expect([...files.keys()].map((name) => name.split("/")[0])).toEqual(["train", "validation"]);
    const [train] = files.values();
    expect(readEvents(Uint8Array.from(train!)).scalars).toHaveLength(6);
    await expect(appendToFile("logs", "train/x")).rejects.toThrow(/a page has no files; pass a logDir of your own/);
  });

  it("refuses options out of range", () => {
    expect(() => callbacks.tensorBoard({ updateFreq: 0 })).toThrow(/updateFreq.* is 0/);
    expect(() => callbacks.tensorBoard({ histogramFreq: -1 })).toThrow(/histogramFreq.* is -1/);
    expect(() => callbacks.tensorBoard({ writeGraph: true } as never)).toThrow(/unknown option writeGraph/);
  });

  const python = process.env.CONVOY_PYTHON ?? "python3";
  const hasTensorBoard = spawnSync(python, ["-c", "import tensorboard"]).status === 0;
  it.skipIf(!hasTensorBoard)(
    `is read by TensorBoard${hasTensorBoard ? "" : `: ${python} has no tensorboard`}`,
    async () => {
      const logDir = join(folder, "read");
      const { history } = await fit({ callbacks: [callbacks.tensorBoard({ logDir })] });
      const script = `
import json, sys
from tensorboard.util.tensor_util import make_ndarray
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
runs = EventMultiplexer().AddRunsFromDirectory(sys.argv[1]).Reload()
def scalars(run):
    tags = runs.Runs()[run]["tensors"]
    assert all(runs.SummaryMetadata(run, tag).plugin_data.plugin_name == "scalars" for tag in tags)
    return {tag: [[e.step, float(make_ndarray(e.tensor_proto))] for e in runs.Tensors(run, tag)] for tag in tags}
print(json.dumps({run: scalars(run) for run in runs.Runs()}))
`;
      const { stdout, stderr } = spawnSync(python, ["-c", script, logDir], { encoding: "utf8" });
      expect(stdout, stderr).not.toBe("");
      const read = JSON.parse(stdout);
      const series = (name: string) => history[name]!.map((value, epoch) => [epoch, Math.fround(value)]);
      expect(read.train.epoch_loss).toEqual(series("loss"));
      expect(read.train.epoch_accuracy).toEqual(series("accuracy"));
      expect(read.validation.epoch_loss).toEqual(series("val_loss"));
    },
  );
});
