import { spawnSync } from "node:child_process";
import { Worker } from "node:worker_threads";
import { BackendUnavailableError, DeviceError } from "@convoy/core/backend";
import { afterEach, expect, it, vi } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { digits, smallModel } from "./testing/smallModel.js";

const { wasm } = await builtPackage();

afterEach(() => {
  vi.restoreAllMocks();
});

/** The workers that are started from now on, in order. */
function watchWorkers(change: (message: Record<string, unknown>) => unknown = (message) => message): Worker[] {
  const seen: Worker[] = [];
  const post = Worker.prototype.postMessage;
  vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, message) {
    if (!seen.includes(this)) {
      seen.push(this);
    }
    post.call(this, change(message));
  });
  return seen;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("says what it runs on", async () => {
  const backend = await wasm({ threads: 2 });
  expect(backend.name).toBe("wasm");
  expect(backend.device.name).toMatch(/, 2 threads$/);
  expect(backend.device.details).toMatchObject({ threads: 2, variant: expect.stringMatching(/^threads/) });
  expect(await backend.measurePeak(2)).toBeGreaterThan(0.1);
  const { best, median, worst } = await backend.measurePeakSpread(3);
  expect(best).toBeGreaterThanOrEqual(median);
  expect(median).toBeGreaterThanOrEqual(worst);
  expect(worst).toBeGreaterThan(0.1);
  await backend.dispose();
});

it("uses plain SIMD when relaxed SIMD is turned off", async () => {
  const backend = await wasm({ threads: 1, relaxedSimd: false });
  expect(backend.device.details.variant).toBe("threads");
  await backend.dispose();
});

it.each([0, 1.5, -1, 5000])("refuses %s threads", async (threads) => {
  await expect(wasm({ threads })).rejects.toThrow(`threads is ${threads}`);
});

it("rejects a fit that is running when the backend is disposed", async () => {
  const backend = await wasm({ threads: 2 });
  const model = smallModel(backend);
  const fit = model.fit(digits.images, digits.labels, { epochs: 100_000, batchSize: 32, verbose: 0 });
  const outcome = expect(fit).rejects.toThrow(DeviceError);
  await pause(200);
  await backend.dispose();
  await backend.dispose();
  await outcome;
});

it("trains on two backends at once", async () => {
  const backends = [await wasm({ threads: 1 }), await wasm({ threads: 2 })];
  const histories = await Promise.all(
    backends.map(async (backend) => {
      const model = smallModel(backend);
      return (await model.fit(digits.images, digits.labels, { epochs: 3, batchSize: 32, verbose: 0 })).history;
    }),
  );
  expect(histories[0]).toEqual(histories[1]);
  await Promise.all(backends.map((backend) => backend.dispose()));
});

it("reports a killed worker as one error, at once and from then on", async () => {
  const workers = watchWorkers();
  const backend = await wasm({ threads: 3 });
  const model = smallModel(backend);
  const fit = model.fit(digits.images, digits.labels, { epochs: 100_000, batchSize: 32, verbose: 0 });
  const outcome = expect(fit).rejects.toThrow(/wasm: worker 2 of 3 failed: .*make a new one/);
  await pause(200);
  await workers[1]!.terminate();
  await outcome;
  await expect(model.evaluate(digits.images, digits.labels, { verbose: 0 })).rejects.toThrow(/worker 2 of 3/);
  await backend.dispose();
});

it("reports a worker that cannot instantiate the kernels", async () => {
  // A module that imports a function which nobody provides.
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0];
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  watchWorkers((message) => (message.kind === "start" && message.thread === 1 ? { ...message, module } : message));
  await expect(wasm({ threads: 2 })).rejects.toThrow(/worker 2 of 2 failed/);
});

it("says which kernels could not be loaded", async () => {
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new Error("no such luck"));
  await expect(wasm({ threads: 1 })).rejects.toThrow(BackendUnavailableError);
  await expect(wasm({ threads: 1 })).rejects.toThrow(/variant "threads.*no such luck/);
});

it("refuses buffers beyond 4 GiB with their size and the largest ones", async () => {
  const backend = await wasm({ threads: 1 });
  backend.createBuffer("activations", { dtype: "float32", length: 1 << 20 });
  expect(() => backend.createBuffer("inputs", { dtype: "float32", length: 2 ** 30 })).toThrow(
    /"inputs" needs 4096\.0 MB.*largest: .*activations 4\.0 MB/,
  );
  await backend.dispose();
});

it("reports a row outside the data set", async () => {
  const backend = await wasm({ threads: 2 });
  const source = backend.createBuffer("source", { dtype: "float32", length: 40 });
  const arena = backend.createBuffer("arena", { dtype: "uint8", length: 1024 });
  const places = { source: { dtype: "float32", length: 40 } } as const;
  const executable = await backend.compile(
    {
      mode: "test",
      batchSize: 2,
      values: [
        { id: 0, label: "source", shape: [10, 4], dtype: "float32", buffer: "source", byteOffset: 0 },
        { id: 1, label: "batch", shape: [2, 4], dtype: "float32", buffer: "arena", byteOffset: 0 },
      ],
      ops: [
        {
          op: "gatherRows",
          attributes: { batchSize: 2, scale: 1, dtype: "float32" },
          inputs: [0],
          outputs: [1],
          updates: [],
          label: "data",
          flops: 0,
          bytes: 0,
        },
      ],
      buffers: places,
      arenaBytes: 256,
      results: [],
    },
    { source, arena },
  );
  const step = (batchStart: number) => ({
    count: 1,
    bytes: new Uint8Array(Uint32Array.of(0, batchStart, 0, 0, 0, 0, 0, 0).buffer),
  });
  await expect(executable.run(step(9))).rejects.toThrow(/gatherRows: row 10 is outside the source/);
  await executable.run(step(8));
  await backend.dispose();
});

/** Runs a script over the built package in a process of its own; resolves to its output once it has ended by itself. */
function runScript(body: string): string {
  const url = new URL("../dist/index.js", import.meta.url).href;
  const script = `import { wasm } from ${JSON.stringify(url)};\n${body}`;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(error).toBeUndefined();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

it("lets the process end when it is idle, disposed or not", () => {
  expect(runScript('await wasm({ threads: 2 }); console.log("idle");')).toBe("idle\n");
  expect(runScript('await (await wasm({ threads: 2 })).dispose(); console.log("disposed");')).toBe("disposed\n");
});

it("keeps the process alive while a run is awaited", () => {
  const body = "const backend = await wasm({ threads: 2 }); console.log((await backend.measurePeak(3)) > 0);";
  expect(runScript(body)).toBe("true\n");
});
