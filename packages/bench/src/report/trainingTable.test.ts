import { expect, it } from "vitest";
import { someRow } from "../testing/rows.js";
import { nothingMeasured } from "./result.js";
import { formatTrainingTable } from "./trainingTable.js";

it("shows figures with their spread, devices over several lines, and reasons in full below", () => {
  const table = formatTrainingTable([
    someRow(),
    someRow({
      ...nothingMeasured,
      backend: "tfjs-wasm",
      device: "TensorFlow.js",
      evaluateUsPerSample: 236.4,
      reason: "cannot train: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'",
    }),
    someRow({
      backend: "other",
      rounds: null,
      verdict: { lossesAgree: false, accuracyReached: null, reason: "the loss of step 2 is 9" },
    }),
    someRow({ backend: "webgpu", available: false, device: null, reason: "webgpu: no adapter" }),
  ]);
  expect(`\n${table}\n`).toMatchInlineSnapshot(`
    "
                                      images      test           training  evaluation      step ms     peak
    backend    device                   seen  accuracy  verdict  µs/image    µs/image    p50 / p95   memory
    ---------  ---------------------  ------  --------  -------  --------  ----------  -----------  -------
    wasm       AMD EPYC 9654 96-Core  59,968    98.77%  ok       86.1 ±2%   36.1 ±16%  5.51 / 6.10  67.1 MB
               Processor, 2 threads
    tfjs-wasm  TensorFlow.js               -         -  -               -         236            -        -
    other      AMD EPYC 9654 96-Core  59,968    98.77%  WRONG        86.1        36.1  5.51 / 6.10  67.1 MB
               Processor, 2 threads

    ms     compile  data  first step  read back
    -----  -------  ----  ----------  ---------
    wasm      12.3  25.1        45.6      0.310
    other     12.3  25.1        45.6      0.310

    tfjs-wasm: cannot train: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'
    other: the loss of step 2 is 9
    Not sure, the rounds differ by more than 10%: evaluation of wasm from 30.0 to 41.0 µs, evaluation of webgpu from 30.0 to 41.0 µs. Measure again on a quiet machine.
    "
  `);
});

it("names rows by what varies", () => {
  const table = formatTrainingTable([
    someRow({ batchSize: 32, threads: 1 }),
    someRow({ batchSize: 64, threads: 2 }),
    someRow({ backend: "reference", seed: 1 }),
  ]);
  expect(table).toMatch(/^wasm, batch 32, 1 threads, seed 0 /m);
  expect(table).toMatch(/^reference, batch 64, seed 1 /m);
});

it("shows nothing where nothing ran", () => {
  expect(formatTrainingTable([someRow({ ...nothingMeasured, available: false, reason: "none" })])).toBe("");
});
