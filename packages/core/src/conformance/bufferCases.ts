import type { Backend, DeviceBuffer } from "../backend/index.js";
import { ArgumentError, ConvoyError, DeviceError } from "../errors.js";
import { type DType, dtypeBytes } from "../ops/definition.js";
import { typedArrays } from "../plan/index.js";
import type { TensorData } from "../tensor.js";
import { expectIdentical } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { require } from "./failure.js";

const dtypes = Object.keys(dtypeBytes) as DType[];

/** What the contract promises about buffers. */
export function bufferCases(): ConformanceCase[] {
  return [
    ...dtypes.flatMap((dtype) => [
      bufferCase(`${dtype}, zero-filled`, (backend) =>
        withBuffer(backend, dtype, 1003, async (buffer) => {
          expectIdentical("a new buffer", await buffer.read(), new typedArrays[dtype](1003), [1003]);
          require(buffer.dtype === dtype &&
            buffer.length === 1003 &&
            buffer.label ===
              "conformance", `a buffer "conformance" of 1003 ${dtype} says it is "${buffer.label}", ${buffer.length} ${buffer.dtype}`);
        }),
      ),
      bufferCase(`${dtype}, write and read`, (backend) =>
        withBuffer(backend, dtype, 1003, async (buffer) => {
          const data = pattern(dtype, 1003, 1);
          const given = data.slice();
          buffer.write(given);
          given.fill(7);
          expectIdentical("what was written", await buffer.read(), data, [1003]);
          (await buffer.read()).fill(9);
          expectIdentical("the buffer after its copy was changed", await buffer.read(), data, [1003]);
        }),
      ),
      bufferCase(`${dtype}, offsets`, (backend) =>
        withBuffer(backend, dtype, 301, (buffer) => partialWrites(buffer, dtype)),
      ),
      bufferCase(`${dtype}, one element`, (backend) =>
        withBuffer(backend, dtype, 1, async (buffer) => {
          buffer.write(pattern(dtype, 1, 3));
          expectIdentical("a buffer of one element", await buffer.read(), pattern(dtype, 1, 3), [1]);
        }),
      ),
    ]),
    bufferCase("float32, every kind of number", (backend) =>
      withBuffer(backend, "float32", 8, async (buffer) => {
        const data = Float32Array.of(-0, 1e-45, -1e-40, 3.4028234663852886e38, Infinity, -Infinity, Number.NaN, 1 / 3);
        buffer.write(data);
        expectIdentical("what was written", await buffer.read(), data, [8]);
      }),
    ),
    ...dtypes.map((dtype) =>
      bufferCase(`${dtype}, data of another type`, (backend) =>
        withBuffer(backend, dtype, 5, async (buffer) => {
          for (const TypedArray of Object.values(typedArrays).filter((other) => other !== typedArrays[dtype])) {
            const data = TypedArray.of(1.7, 2);
            await expectArgumentError(`write of a ${TypedArray.name} to a ${dtype} buffer`, () => buffer.write(data));
          }
          expectIdentical("a buffer after refused writes", await buffer.read(), new typedArrays[dtype](5), [5]);
        }),
      ),
    ),
    bufferCase("out of range", (backend) =>
      withBuffer(backend, "float32", 5, async (buffer) => {
        for (const [offset, length] of [
          [4, 2],
          [-1, 1],
          [6, 0],
          [0, 6],
          [0.5, 1],
        ] as const) {
          const where = `${length} elements at ${offset} of 5`;
          await expectArgumentError(`write of ${where}`, () => buffer.write(new Float32Array(length).fill(1), offset));
          await expectArgumentError(`read of ${where}`, () => buffer.read(offset, length));
        }
        expectIdentical("a buffer after refused writes", await buffer.read(), new Float32Array(5), [5]);
      }),
    ),
    bufferCase("use after dispose", async (backend) => {
      const buffer = backend.createBuffer("conformance", { dtype: "float32", length: 10 });
      buffer.dispose();
      for (const [what, call] of [
        ["write", () => buffer.write(new Float32Array(10))],
        ["read", () => buffer.read()],
      ] as const) {
        const error = await rejection(call);
        require(error instanceof DeviceError, `${what} after dispose: expected a DeviceError, got ${error}`);
      }
    }),
    bufferCase("dispose twice", async (backend) => {
      const buffer = backend.createBuffer("conformance", { dtype: "float32", length: 10 });
      buffer.dispose();
      buffer.dispose();
    }),
    bufferCase("too large", async (backend) => {
      const error = await rejection(() => backend.createBuffer("conformance", { dtype: "float32", length: 2 ** 48 }));
      require(error instanceof DeviceError, `a buffer of 2^50 bytes: expected a DeviceError, got ${error}`);
      require(/\d{5}/.test(
        error.message,
      ), `the error for a buffer of 2^50 bytes does not name the size: ${error.message}`);
    }),
    bufferCase("memory", countsMemory, "memory"),
  ];
}

function bufferCase(name: string, run: (backend: Backend) => Promise<void>, op = "buffers"): ConformanceCase {
  return { level: "smoke", op, name: `${op}: ${name}`, run };
}

async function withBuffer(
  backend: Backend,
  dtype: DType,
  length: number,
  use: (buffer: DeviceBuffer) => Promise<void>,
): Promise<void> {
  const buffer = backend.createBuffer("conformance", { dtype, length });
  try {
    await use(buffer);
  } finally {
    buffer.dispose();
  }
}

/** Different numbers everywhere, the sign bit and the low bits used. */
function pattern(dtype: DType, length: number, start: number): TensorData {
  const data = new typedArrays[dtype](length);
  return data.map((_, index) => {
    const word = Math.imul(index + start, 0x9e3779b1);
    return dtype === "uint8" ? word >>> 24 : dtype === "int32" ? word : word / 2 ** 20;
  });
}

/** Parts that start and end anywhere, the later over the earlier. */
async function partialWrites(buffer: DeviceBuffer, dtype: DType): Promise<void> {
  const expected = new typedArrays[dtype](301);
  const writes: readonly (readonly [offset: number, length: number])[] = [
    [0, 301],
    [3, 5],
    [1, 1],
    [250, 51],
    [4, 129],
    [299, 2],
  ];
  writes.forEach(([offset, length], index) => {
    const data = pattern(dtype, length, 1000 * index);
    buffer.write(data, offset);
    expected.set(data, offset);
  });
  expectIdentical("after six writes", await buffer.read(), expected, [301]);
  for (const [offset, length] of writes) {
    const part = await buffer.read(offset, length);
    expectIdentical(`${length} elements from ${offset} on`, part, expected.slice(offset, offset + length), [length]);
  }
  expectIdentical("all from 297 on", await buffer.read(297), expected.slice(297), [4]);
}

async function countsMemory(backend: Backend): Promise<void> {
  const bytes = 1_000_000;
  const before = backend.memory().usedBytes;
  const buffer = backend.createBuffer("conformance", { dtype: "uint8", length: bytes });
  const during = backend.memory();
  buffer.dispose();
  const after = backend.memory();
  require(during.usedBytes >=
    before + bytes, `memory() says ${during.usedBytes} bytes with a buffer of ${bytes} bytes, ${before} without`);
  require(after.usedBytes ===
    before, `memory() says ${after.usedBytes} bytes after a buffer was disposed, ${before} before it was made`);
  const available = backend.availableBytes?.() ?? 0;
  require(Number.isSafeInteger(available) && available >= 0, `availableBytes() says ${available}`);
  if (available >= bytes) {
    backend.createBuffer("conformance", { dtype: "uint8", length: bytes }).dispose();
  }
  require(after.peakBytes >=
    during.usedBytes, `memory() says at most ${after.peakBytes} bytes were used, but there were ${during.usedBytes}`);
}

/** What a call throws or rejects with; undefined when it does neither. */
export async function rejection(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function expectArgumentError(what: string, call: () => unknown): Promise<void> {
  const error = await rejection(call);
  require(error instanceof ArgumentError, `${what}: expected an ArgumentError, got ${error}`);
}

/** Fails unless the call throws or rejects with an error that Convoy makes on purpose. */
export async function expectConvoyError(what: string, call: () => unknown): Promise<void> {
  const error = await rejection(call);
  require(error !== undefined, `${what} must fail with a ConvoyError, but did not fail`);
  require(error instanceof ConvoyError, `${what} must fail with a ConvoyError, failed with ${error}`);
}
