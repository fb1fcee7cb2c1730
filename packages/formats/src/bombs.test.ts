import { type JsonValue, layers, type Model, ModelFileError, sequential } from "@convoy/core";
import { deflateSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readHdf5 } from "./hdf5/readHdf5.js";
import { type Hdf5Group, writeHdf5 } from "./hdf5/writeHdf5.js";
import { loadModel } from "./index.js";
import { writeKerasWeights } from "./keras/index.js";

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Loads a file that wants to do harm: it must be refused at once, with little memory. */
async function expectRefused(load: () => unknown, message: RegExp): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  const start = performance.now();
  const error = await (async () => load())().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ModelFileError);
  expect((error as Error).message).toMatch(message);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
}

describe("archives that unpack to far more than they are", () => {
  const zeros = new Uint8Array(40 * 2 ** 20);

  test("are refused by the size that they announce", async () => {
    const bomb = zipSync({ "config.json": text({}), "model.weights.h5": zeros }, { level: 9 });
    expect(bomb.length).toBeLessThan(2 ** 20);
    await expectRefused(() => loadModel(bomb), /model.weights.h5 would unpack to 41943040 bytes/);
  });

  test("are refused where they announce less", async () => {
    const bomb = zipSync({ "config.json": text({}), "model.weights.h5": zeros }, { level: 9 });
    const view = new DataView(bomb.buffer);
    // The size stands in the directory, 24 bytes behind the signature of each entry.
    for (let at = 0; at + 4 <= bomb.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50 && view.getUint32(at + 24, true) > 2 ** 20) {
        view.setUint32(at + 24, 4096, true);
      }
    }
    await expectRefused(() => loadModel(bomb), /unpacks to more than 4096 bytes/);
  });
});

describe("HDF5 files that want too much memory", () => {
  const file = (shape: readonly number[]): Uint8Array => {
    const root: Hdf5Group = { children: { x: { data: new Float32Array(), shape: [...shape] } } };
    return writeHdf5(root);
  };

  test.each([
    [[2 ** 20, 2 ** 12], /would take/],
    [[2 ** 31, 2 ** 31, 2 ** 31], /larger than any file/],
    [[0x7fffffff], /would take/],
    // 100 KB, where the file has less than 10.
    [[25_600], /would take 102400 bytes, more than a file of \d{3,4} bytes justifies; it is damaged/],
  ] as const)("a dataset without numbers of shape %j", async (shape, message) => {
    await expectRefused(() => readHdf5(file(shape)).get("x")!.tensor(), message);
  });
});

describe("numbers of HDF5 files that are read again and again", () => {
  const bytes = writeHdf5({ children: { x: { data: new Float32Array(50_000), shape: [50_000] } } });

  test("take at most four times the file", async () => {
    const data = readHdf5(bytes).get("x")!;
    for (let time = 0; time < 4; time++) {
      expect(data.tensor().data).toHaveLength(50_000);
    }
    await expectRefused(() => data.tensor(), /x would take 200000 bytes, more than a file of \d+ bytes justifies/);
  });

  test("take at most sixteen times the archive that they were unpacked from", async () => {
    // And 1 MiB.
    const data = readHdf5(bytes, bytes.length / 16).get("x")!;
    for (let time = 0; time < 6; time++) {
      expect(data.tensor().data).toHaveLength(50_000);
    }
    await expectRefused(() => data.tensor(), /x would take 200000 bytes/);
  });
});

describe("HDF5 files that lead in circles", () => {
  const file = (): Uint8Array => writeHdf5({ children: { x: { data: Float32Array.of(1, 2), shape: [2] } } });

  /** The places of a text or of bytes in a file. */
  function placeOf(bytes: Uint8Array, wanted: readonly number[], from = 0): number {
    for (let at = from; at + wanted.length <= bytes.length; at++) {
      if (wanted.every((byte, index) => bytes[at + index] === byte)) {
        return at;
      }
    }
    throw new Error("not there");
  }

  test("an object header that goes on in itself", async () => {
    // Version 1, a message that is a continuation: it leads to the block in which it stands.
    const bytes = file();
    const view = new DataView(bytes.buffer);
    const address = Number(view.getBigUint64(64, true));
    view.setUint16(address + 2, 0xffff, true);
    view.setUint32(address + 8, 24, true);
    view.setUint16(address + 16, 16, true);
    view.setUint16(address + 18, 16, true);
    view.setBigUint64(address + 24, BigInt(address + 16), true);
    view.setBigUint64(address + 32, 24n, true);
    await expectRefused(() => readHdf5(bytes).names, /goes on where it has been before/);
  });

  test("texts of no length, as many as one likes", async () => {
    const bytes = writeHdf5({ attributes: { count: ["a", "b"] } });
    const view = new DataView(bytes.buffer);
    // The datatype of the attribute becomes an integer of 0 bytes, its 2 elements 2^40.
    const name = placeOf(bytes, [0x63, 0x6f, 0x75, 0x6e, 0x74, 0]);
    const type = name + 8;
    bytes[type] = (bytes[type]! & 0xf0) | 0;
    view.setUint32(type + 4, 0, true);
    const two = placeOf(bytes, [2, 0, 0, 0, 0, 0, 0, 0], type + 8);
    view.setBigUint64(two, 2n ** 40n, true);
    await expectRefused(() => readHdf5(bytes).attribute("count"), /expected numbers/);
  });
});

describe("topologies that want too much", () => {
  const sequentialOf = (...entries: readonly object[]): JsonValue =>
    ({
      class_name: "Sequential",
      config: {
        name: "s",
        layers: [{ class_name: "InputLayer", config: { batch_shape: [null, 4, 4, 2], name: "i" } }, ...entries],
      },
    }) as JsonValue;
  const small: Model = sequential([layers.dense({ units: 2, inputShape: [4] })]);

  test.each([
    ["units", sequentialOf({ class_name: "Dense", config: { name: "d", units: 2 ** 40 } }), /kernel of shape/],
    [
      "groups",
      sequentialOf(
        { class_name: "Conv2D", config: { name: "a", filters: 2 ** 22, kernel_size: 1 } },
        { class_name: "Conv2D", config: { name: "b", filters: 2 ** 22, kernel_size: 1, groups: 2 ** 21 } },
      ),
      /kernel of shape/,
    ],
    ["nesting", JSON.parse(`${"[".repeat(2000)}${"]".repeat(2000)}`) as JsonValue, /nested more than 500 levels/],
  ])("%s", async (_, architecture, message) => {
    const bytes = await writeKerasWeights(small);
    await expectRefused(() => loadModel(bytes, { architecture }), message);
  });

  test("models within models that double the layers at every level", async () => {
    let inner: object = {
      class_name: "Sequential",
      config: {
        name: "m0",
        layers: [
          { class_name: "InputLayer", config: { batch_shape: [null, 4], name: "i" } },
          { class_name: "Activation", config: { name: "a", activation: "relu" } },
        ],
      },
    };
    for (let level = 1; level < 30; level++) {
      const name = `m${level - 1}`;
      inner = {
        class_name: "Functional",
        config: {
          name: `m${level}`,
          layers: [
            { class_name: "InputLayer", name: "i", config: { batch_shape: [null, 4], name: "i" }, inbound_nodes: [] },
            { ...inner, name, inbound_nodes: [[["i", 0, 0, {}]], [[name, 1, 0, {}]]] },
          ],
          input_layers: [["i", 0, 0]],
          output_layers: [[name, 2, 0]],
        },
      };
    }
    const bytes = await writeKerasWeights(small);
    await expectRefused(
      () => loadModel(bytes, { architecture: inner as JsonValue }),
      /more than 100000 layers would run/,
    );
  });
});

test("deflated data may not go on behind what was announced", async () => {
  const { inflateWithin } = await import("./inflate.js");
  const packed = deflateSync(new Uint8Array(1000));
  expect(inflateWithin(packed, 1000, "x")).toHaveLength(1000);
  expect(() => inflateWithin(packed, 999, "x")).toThrow(/more than 999 bytes/);
  expect(() => inflateWithin(packed.subarray(0, 5), 1000, "x")).toThrow(ModelFileError);
});
