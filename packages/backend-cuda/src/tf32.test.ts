import type { Backend, Tensor, TensorSpec } from "@convoy/core/backend";
import { caseStream, conformanceCases, fillTensor, type OpCase, opCases, runCase } from "@convoy/core/conformance";
import { callReferenceOp } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { findEmulator, setEmulator } from "./testing/emulator.js";
import { relativeDifference, runOp } from "./testing/singleOp.js";

const { library, note } = findEmulator();

// Operands are rounded to 11 significant bits: 2^-12 on average an operand, some more where sums cancel.
const limit = 1e-3;

function tensorsOf({ op, name, inputs }: OpCase): (Tensor & TensorSpec)[] {
  return inputs.map((input, index) => ({
    shape: input.shape,
    dtype: input.dtype,
    data: fillTensor(input, caseStream(`${op} ${name}`, index)),
  }));
}

describe.skipIf(library === undefined)(`tf32 on the emulator${note}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await cuda({ library: library!, precision: "tf32" });
  });
  afterAll(() => backend?.dispose());

  for (const opCase of opCases) {
    if (opCase.op === "conv2d" || opCase.op === "matMul") {
      it(`${opCase.op}: ${opCase.name}`, async () => {
        const inputs = tensorsOf(opCase as OpCase);
        const expected = callReferenceOp(opCase.op, inputs, opCase.attributes as never)[0]!.data;
        const actual = await runOp(backend, opCase.op, inputs, opCase.attributes as never);
        expect(relativeDifference(actual, expected)).toBeLessThan(limit);
      });
    }
  }

  // These chains have operands that tf32 holds exactly, so they must come out as in fp32; derivatives that are not numbers
  // of few bits are left to the test of a training step.
  const exact = conformanceCases({ levels: ["ops"], only: /^fused(Conv2d|Dense)/ }).filter(
    ({ name }) => !/tanh|elu\b(?<!relu)|sigmoid|elu,/.test(name.replace(/relu6?|leakyRelu/g, "lines")),
  );
  for (const multiprocessors of [1, 132]) {
    describe(`fused chains on ${multiprocessors} multiprocessors`, () => {
      let device: Backend;
      beforeAll(async () => {
        setEmulator(library!, { multiprocessors });
        device = await cuda({ library: library!, precision: "tf32" });
      });
      afterAll(() => device.dispose());
      for (const test of exact) {
        it(test.name, ({ skip }) => runCase(test, device, skip));
      }
    });
  }
});
