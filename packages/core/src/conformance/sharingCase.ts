import type { Backend } from "../backend/index.js";
import { choice, labels, normal } from "../ops/caseInputs.js";
import type { CaseInput } from "../ops/opCase.js";
import { differentiate, type Graph, type GraphValue } from "../plan/index.js";
import { reference } from "../reference/index.js";
import type { TensorData } from "../tensor.js";
import { expectClose } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { packCaseSteps } from "./experiment.js";
import { caseStream, fillTensor } from "./fill.js";
import { Workspace } from "./workspace.js";

const rows = 9;
const features = 7;
const hidden = 5;
const classes = 3;

/** Content of the buffers at the start. */
const inputs: { readonly [buffer: string]: CaseInput } = {
  samples: normal([rows, features]),
  labels: labels([rows], classes),
  // Two kernels, the second at the next multiple of 64 elements.
  parameters: normal([128], 0.5),
  gradients: choice([128], [0]),
};

/** The tail batch of an epoch: two plans of different batch sizes train the same parameters in the same arena, in turns. */
export function sharingCase(): ConformanceCase {
  return {
    level: "smoke",
    op: "runs",
    name: "runs: two batch sizes share parameters and arena",
    async run(backend) {
      const expected = await train(await reference());
      const actual = await train(backend);
      const tolerance = { relative: 1e-5, absolute: 1e-5, why: "four steps of a small network in float32" };
      for (const [what, wanted] of expected) {
        expectClose(what, actual.get(what)!, wanted, [wanted.length], tolerance);
      }
    },
  };
}

async function train(backend: Backend): Promise<Map<string, TensorData>> {
  const seen = new Map<string, TensorData>();
  await Workspace.use(backend, async (workspace) => {
    const full = await workspace.compile((graph) => step(graph, 4));
    const tail = await workspace.compile((graph) => step(graph, 1));
    for (const [name, input] of Object.entries(inputs)) {
      workspace.buffer(name).write(fillTensor(input, caseStream(`sharing ${name}`, 0)));
    }
    const arena = workspace.buffer("arena");
    arena.write(new Uint8Array(arena.length).fill(0xff));
    const results = await Promise.all([
      full.run(packCaseSteps([{ batchStart: 0 }, { batchStart: 4 }])),
      tail.run(packCaseSteps([{ batchStart: 8 }])),
      full.run(packCaseSteps([{ batchStart: 3 }])),
    ]);
    seen.set("losses", Float32Array.from(results.flatMap((losses) => [...losses])));
    seen.set("parameters", await workspace.buffer("parameters").read());
    seen.set("gradients", await workspace.buffer("gradients").read());
  });
  return seen;
}

/** One training step of dense, tanh, dense, softmax. Returns what it reports. */
function step(graph: Graph, batchSize: number): GraphValue[] {
  for (const [name, { shape, dtype }] of Object.entries(inputs)) {
    graph.declareBuffer(name, { dtype, length: shape.reduce((product, size) => product * size, 1) });
  }
  const whole = (name: string) => graph.place(name, inputs[name]!, name);
  const kernels = [
    graph.place("first", { shape: [features, hidden], dtype: "float32" }, "parameters", 0),
    graph.place("second", { shape: [hidden, classes], dtype: "float32" }, "parameters", 64),
  ] as const;
  const gather = (name: string, dtype: "float32" | "int32") =>
    graph.apply("gatherRows", [whole(name)], { batchSize, scale: 1, dtype })[0]!;
  const product = { transposeA: false, transposeB: false };
  const [first] = graph.apply("matMul", [gather("samples", "float32"), kernels[0]], product);
  const [bent] = graph.apply("unary", [first!], { function: "tanh", alpha: 0 });
  const [logits] = graph.apply("matMul", [bent!, kernels[1]], product);
  const [loss] = graph.apply("softmaxCrossEntropy", [logits!, gather("labels", "int32")], { labels: "sparse" });
  const gradients = differentiate(graph, { loss: loss!, lossScale: 1 / batchSize, wanted: kernels });
  graph.bind(gradients.get(kernels[0].id)!, { buffer: "gradients", offset: 0 });
  graph.bind(gradients.get(kernels[1].id)!, { buffer: "gradients", offset: 64 });
  graph.apply("sgdUpdate", [whole("parameters"), whole("gradients")], { momentum: 0, nesterov: false });
  return [loss!];
}
