import { beforeEach, describe, expect, it } from "vitest";
import { type Backend, type DeviceBuffer, DeviceError, type Executable, typedArrays } from "../backend/index.js";
import { reference } from "../reference/index.js";
import { type ConformanceCase, conformanceCases } from "./index.js";

const smoke: readonly ConformanceCase[] = conformanceCases({ levels: ["smoke"] });

let sound: Backend;
beforeEach(async () => {
  sound = await reference();
});

/** The reference with some of its methods changed. */
function altered(changes: Partial<Backend>): Backend {
  return {
    name: sound.name,
    device: sound.device,
    fusions: [],
    supports: (op) => sound.supports(op),
    createBuffer: (label, spec) => sound.createBuffer(label, spec),
    compile: (plan, buffers, onProgress) => sound.compile(plan, buffers, onProgress),
    synchronize: () => sound.synchronize(),
    memory: () => sound.memory(),
    dispose: () => sound.dispose(),
    ...changes,
  };
}

/** The reference with something changed about its buffers. */
function withBuffers(change: (buffer: DeviceBuffer) => Partial<DeviceBuffer>): Backend {
  return altered({
    createBuffer(label, spec) {
      const buffer = sound.createBuffer(label, spec);
      return Object.assign(buffer, change(bound(buffer)));
    },
  });
}

function bound(buffer: DeviceBuffer): DeviceBuffer {
  const { label, dtype, length } = buffer;
  const [write, read, dispose] = [buffer.write.bind(buffer), buffer.read.bind(buffer), buffer.dispose.bind(buffer)];
  return { label, dtype, length, write, read, dispose };
}

/** The reference with something changed about its executables. */
function withExecutables(change: (executable: Executable) => Partial<Executable>): Backend {
  return altered({
    async compile(plan, buffers, onProgress) {
      const executable = await sound.compile(plan, buffers, onProgress);
      return {
        run: (steps) => executable.run(steps),
        dispose: () => executable.dispose(),
        ...change(executable),
      };
    },
  });
}

/** The messages of the cases that the backend fails. */
async function failures(backend: Backend): Promise<string[]> {
  const messages: string[] = [];
  for (const candidate of smoke) {
    await candidate.run(backend).catch((error: Error) => messages.push(error.message));
  }
  return messages;
}

const later = <T>(timeMs: number, work: () => Promise<T>): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(work()), timeMs));

describe("the smoke level", () => {
  it("passes the reference through the same wrapping", async () => {
    expect(await failures(altered({}))).toEqual([]);
    expect(await failures(withBuffers(() => ({})))).toEqual([]);
    expect(await failures(withExecutables(() => ({})))).toEqual([]);
  });

  const broken: readonly (readonly [what: string, make: () => Backend, expected: readonly RegExp[]])[] = [
    [
      "writes that ignore the offset",
      () => withBuffers(({ write, length }) => ({ write: (data) => write(data.subarray(0, length)) })),
      [/^buffers: float32, offsets: /, /^buffers: int32, offsets: /, /^buffers: uint8, offsets: /],
    ],
    [
      "reads that ignore the offset",
      () => withBuffers(({ read }) => ({ read: (_, length) => read(0, length) })),
      [/^buffers: float32, offsets: /],
    ],
    [
      "writes that convert what they are given",
      () => withBuffers(({ write, dtype }) => ({ write: (data, at) => write(typedArrays[dtype].from(data), at) })),
      [
        /^buffers: float32, data of another type: write of a Int32Array to a float32 buffer: expected an ArgumentError/,
        /^buffers: int32, data of another type: /,
        /^buffers: uint8, data of another type: /,
      ],
    ],
    [
      "a range error of the wrong kind",
      () =>
        withBuffers(({ read }) => ({
          read: (...range) => read(...range).catch((error) => Promise.reject(new DeviceError(error.message))),
        })),
      [/^buffers: out of range: read of 2 elements at 4 of 5: expected an ArgumentError, got DeviceError/],
    ],
    [
      "buffers that can be read after dispose",
      () => withBuffers(({ read }) => ({ read, dispose: () => undefined })),
      [/^buffers: use after dispose: /, /^memory: /],
    ],
    [
      "buffers that are not cleared",
      () =>
        altered({
          createBuffer(label, spec) {
            const buffer = sound.createBuffer(label, spec);
            if (spec.dtype === "uint8" && label !== "arena") {
              buffer.write(new Uint8Array(spec.length).fill(1));
            }
            return buffer;
          },
        }),
      [/^buffers: uint8, zero-filled: a new buffer \[1003\] at \[0\] is 0 .* 1/],
    ],
    [
      "writes that keep the caller's array",
      () =>
        withBuffers(({ write, read }) => {
          let last: Parameters<typeof write> | undefined;
          return {
            write: (...call) => {
              write(...call);
              last = call;
            },
            read: (...range) => {
              if (last) {
                write(...last);
              }
              return read(...range);
            },
          };
        }),
      [/^buffers: float32, write and read: /],
    ],
    [
      "no error for a buffer that is too large",
      () =>
        altered({
          createBuffer: (label, spec) => sound.createBuffer(label, { ...spec, length: spec.length % 2 ** 32 }),
        }),
      [/^buffers: too large: .*expected a DeviceError, got undefined/],
    ],
    [
      "memory that is never given back",
      () => {
        let leaked = 0;
        return altered({
          createBuffer(label, spec) {
            leaked += 4;
            return sound.createBuffer(label, spec);
          },
          memory: () => ({ usedBytes: sound.memory().usedBytes + leaked, peakBytes: 2 ** 40 }),
        });
      },
      [/^memory: memory: .*after a buffer was disposed/, /^memory: executables: memory\(\) grows/],
    ],
    [
      "results in another order",
      () => withExecutables((executable) => ({ run: async (steps) => (await executable.run(steps)).reverse() })),
      [/^runs: results of every step in order: /],
    ],
    [
      "runs that start late",
      () => withExecutables((executable) => ({ run: (steps) => later(5, () => executable.run(steps)) })),
      [
        /^runs: writes before and after a run keep their place: w is \[0, 0/,
        /^runs: a read waits for the runs before it: w is \[0, 0/,
      ],
    ],
    [
      "a synchronize that waits for nothing",
      () =>
        altered({
          async compile(plan, buffers) {
            const executable = await sound.compile(plan, buffers);
            return { run: (steps) => later(60, () => executable.run(steps)), dispose: () => executable.dispose() };
          },
          synchronize: async () => undefined,
        }),
      [/^runs: synchronize: synchronize resolved before the run/],
    ],
    [
      "runs that overtake each other",
      () => {
        let count = 0;
        return withExecutables((executable) => ({
          run: (steps) => (count++ % 2 === 0 ? later(5, () => executable.run(steps)) : executable.run(steps)),
        }));
      },
      [/^runs: two executables in flight keep their order: /],
    ],
    [
      "only the first step of a table",
      () =>
        withExecutables((executable) => ({
          run: (steps) => executable.run({ count: Math.min(steps.count, 1), bytes: steps.bytes.slice(0, 32) }),
        })),
      [/^runs: results of every step in order: /, /^runs: a hundred steps in one run: /],
    ],
    [
      "random numbers that do not follow the iteration",
      () =>
        withExecutables((executable) => ({
          run({ count, bytes }) {
            const words = new Uint32Array(bytes.slice().buffer);
            const constant = words.map((word, index) => (index % 8 === 0 ? 0 : word));
            return executable.run({ count, bytes: new Uint8Array(constant.buffer) });
          },
        })),
      [/^runs: random numbers follow the iteration: /],
    ],
    [
      "an executable that runs after dispose",
      () => withExecutables(() => ({ dispose: () => undefined })),
      [/^compile: dispose: run after dispose must fail with a ConvoyError, but did not fail/],
    ],
    [
      "an error that is not Convoy's",
      () =>
        altered({
          compile: (plan, buffers, onProgress) =>
            sound.compile(plan, buffers, onProgress).catch(() => {
              throw new TypeError("undefined is not a buffer");
            }),
        }),
      [/^compile: a missing buffer: .* failed with TypeError: undefined is not a buffer/],
    ],
    [
      "progress that goes backwards",
      () =>
        altered({
          compile(plan, buffers, onProgress) {
            onProgress?.(2, 2);
            return sound.compile(plan, buffers, onProgress);
          },
        }),
      [/^compile: progress: compile reported progress 2 of 2, 1 of 1/],
    ],
    [
      "support for everything",
      () => altered({ supports: () => true }),
      [/^backend: says what it is: supports says true/],
    ],
    [
      "a name in capitals",
      () => altered({ name: "Reference" }),
      [/^backend: says what it is: the backend's name is "Reference"/],
    ],
  ];

  it.each(broken)("finds %s", async (_, make, expected) => {
    const found = await failures(make());
    for (const message of expected) {
      expect(found).toContainEqual(expect.stringMatching(message));
    }
  });
});

describe("the case of outputs in the place of inputs", () => {
  const [inPlaceCase] = conformanceCases({ only: "what it writes over an input" });

  it("finds a kernel that reads what it has overwritten", async () => {
    const inPlace: Backend["inPlace"] = ({ op }) => (op === "transpose" ? [{ input: 0, output: 0 }] : []);
    await expect(inPlaceCase!.run(altered({ inPlace }))).rejects.toThrow(/transpose: .* \(in place\)/);
  });

  it("finds an offer that no case takes up", async () => {
    const inPlace: Backend["inPlace"] = ({ op }) => (op === "topKAccuracy" ? [{ input: 0, output: 0 }] : []);
    await expect(inPlaceCase!.run(altered({ inPlace }))).rejects.toThrow("topKAccuracy: offered by inPlace()");
  });
});

describe("the case of a data set that streams", () => {
  const [streamingCase] = conformanceCases({ only: "a data set that streams" });

  it("finds writes that begin at whole words only", async () => {
    const rounding = withBuffers(({ dtype, write }) => ({
      write: (data, offset = 0) => write(data, dtype === "uint8" ? offset - (offset % 4) : offset),
    }));
    await expect(streamingCase!.run(rounding)).rejects.toThrow(
      /^training: a data set that streams, .*: outcome 0 of streaming/,
    );
  });
});
