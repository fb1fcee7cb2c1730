import { type Backend, fusedNames, type OpInstance } from "../backend/index.js";
import { normal } from "../ops/caseInputs.js";
import type { Value } from "../ops/definition.js";
import { roundings } from "../ops/tolerances.js";
import { type Graph, packSteps, type StepTable } from "../plan/index.js";
import { reference } from "../reference/index.js";
import { expectConvoyError } from "./bufferCases.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { Experiment, packCaseSteps } from "./experiment.js";
import { require } from "./failure.js";
import { caseStream, fillTensor } from "./fill.js";
import { runExperiment } from "./runExperiment.js";
import { sharingCase } from "./sharingCase.js";
import { Workspace } from "./workspace.js";

/** What the contract promises about executables and their runs. Numbers are such that nothing is rounded. */
export function runCases(): ConformanceCase[] {
  return [
    contract("backend", "says what it is", describesItself),
    contract("runs", "writes before and after a run keep their place", writesKeepTheirPlace),
    contract("runs", "two executables in flight keep their order", runsKeepTheirOrder),
    contract("runs", "a read waits for the runs before it", readsWait),
    contract("runs", "results of every step in order", (backend) => runExperiment(backend, resultsByStep())),
    contract("runs", "no steps", noSteps),
    contract("runs", "a hundred steps in one run", manySteps),
    contract("runs", "random numbers follow the iteration", (backend) => runExperiment(backend, dropoutBySteps())),
    contract("runs", "one plan over two sets of buffers", twoBindings),
    sharingCase(),
    contract("runs", "synchronize", synchronizes),
    contract("compile", "a missing buffer", missingBuffer),
    contract("compile", "a buffer of another backend", foreignBuffer),
    contract("compile", "progress", reportsProgress),
    contract("compile", "dispose", disposal),
    contract("memory", "executables", freesExecutables),
  ];
}

function contract(op: string, name: string, run: (backend: Backend) => Promise<void>): ConformanceCase {
  return { level: "smoke", op, name: `${op}: ${name}`, run };
}

/** One step each: w -= stepSize g. */
export function descent(graph: Graph): Value[] {
  declare(graph);
  graph.apply("sgdUpdate", [place(graph, "w"), place(graph, "g")], { momentum: 0, nesterov: false });
  return [];
}

/** w = clip(w, -1, 1): does not commute with the descent. */
function clipping(graph: Graph): Value[] {
  declare(graph);
  graph.apply("clipByValue", [place(graph, "w")], { limit: 1 });
  return [];
}

const length = 5;
const declare = (graph: Graph): void => {
  graph.declareBuffer("w", { dtype: "float32", length });
  graph.declareBuffer("g", { dtype: "float32", length });
};
const place = (graph: Graph, name: string) => graph.place(name, { shape: [length], dtype: "float32" }, name);

/** A table of equal steps. */
export function steps(count: number, stepSize = 1): StepTable {
  return packSteps(
    Array.from({ length: count }, () => ({
      iteration: 0,
      batchStart: 0,
      learningRate: 0,
      stepSize,
      seed: [0, 0] as const,
    })),
  );
}

const filled = (value: number): Float32Array => new Float32Array(length).fill(value);

async function expectAll(workspace: Workspace, buffer: string, value: number, when: string): Promise<void> {
  const content = await workspace.buffer(buffer).read();
  require(content.every(
    (element) => element === value,
  ), `${buffer} is [${content.join(", ")}] ${when}, expected ${value} everywhere`);
}

async function describesItself(backend: Backend): Promise<void> {
  require(/^[a-z][a-z0-9-]*$/.test(backend.name), `the backend's name is "${backend.name}", expected lower case`);
  require(backend.device.name.length > 0, "the device has no name");
  const unknown = backend.fusions.filter((name) => !fusedNames.includes(name));
  require(unknown.length === 0, `fusions names ${unknown.join(", ")}, which do not exist`);
  const answer = backend.supports({ op: "noSuchOp", attributes: {}, inputs: [], outputs: [] } as unknown as OpInstance);
  require(typeof answer === "string" &&
    answer.length > 0, `supports says ${answer} to an op that does not exist, expected a reason`);
}

async function writesKeepTheirPlace(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    workspace.buffer("w").write(filled(0));
    workspace.buffer("g").write(filled(1));
    const first = descend.run(steps(1));
    workspace.buffer("g").write(filled(10));
    const second = descend.run(steps(1));
    workspace.buffer("g").write(filled(100));
    await expectAll(workspace, "w", -11, "after runs with a gradient of 1 and of 10, each written before its run");
    await Promise.all([first, second]);
  });
}

async function runsKeepTheirOrder(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    const clip = await workspace.compile(clipping);
    workspace.buffer("w").write(filled(0.5));
    workspace.buffer("g").write(filled(2));
    // 0.5 - 2 = -1.5, clipped to -1, - 4 = -5, clipped to -1, - 2 = -3
    await Promise.all([
      descend.run(steps(1)),
      clip.run(steps(1)),
      descend.run(steps(2)),
      clip.run(steps(1)),
      descend.run(steps(1)),
    ]);
    await expectAll(workspace, "w", -3, "after descent, clipping, two of descent, clipping and descent");
  });
}

async function readsWait(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    workspace.buffer("g").write(filled(1));
    const running = descend.run(steps(20));
    await expectAll(workspace, "w", -20, "read while 20 steps were running");
    await running;
  });
}

async function noSteps(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    workspace.buffer("g").write(filled(1));
    const results = await descend.run(steps(0));
    require(results.length === 0, `a run of no steps resolves to ${results.length} numbers`);
    await expectAll(workspace, "w", 0, "after a run of no steps");
  });
}

async function manySteps(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    workspace.buffer("g").write(filled(0.5));
    await descend.run(steps(100, 0.25));
    await expectAll(workspace, "w", -12.5, "after 100 steps");
  });
}

/** Two scalars a step, one of which also lies in a buffer, over another batch each step. */
function resultsByStep(): Experiment {
  const experiment = new Experiment({ fused: false });
  const { graph } = experiment;
  const source = (label: string, shape: readonly number[]) => {
    const input = normal(shape);
    return experiment.input(label, input, () => fillTensor(input, caseStream("results by step", label.length)));
  };
  const batch = { batchSize: 2, scale: 1, dtype: "float32" } as const;
  const [values] = graph.apply("gatherRows", [source("values", [9, 3])], batch);
  const [targets] = graph.apply("gatherRows", [source("targets", [9, 3])], batch);
  const [lossSum] = graph.apply("meanSquaredError", [values!, targets!], {});
  const [correct] = graph.apply("accuracy", [values!, targets!], { labels: "binary" });
  experiment.output("loss of the last step", lossSum!, { ...roundings, relative: 1e-5 });
  experiment.report("loss", lossSum!, { ...roundings, relative: 1e-5 });
  experiment.report("accuracy", correct!, { ...roundings, relative: 1e-6 });
  experiment.steps = packCaseSteps([7, 0, 3, 1, 5, 2].map((batchStart) => ({ batchStart })));
  return experiment;
}

/** Each step's mask in a row of its own. */
function dropoutBySteps(): Experiment {
  const experiment = new Experiment({ fused: false });
  const input = normal([1, 37]);
  const values = experiment.input("values", input, () => fillTensor(input, caseStream("dropout by steps", 0)));
  const masks = { shape: [4, 37], dtype: "float32" } as const;
  const destination = experiment.input("masked", masks, () => new Float32Array(4 * 37), roundings);
  const [masked] = experiment.graph.apply("dropout", [values], { rate: 0.5, instance: 3 });
  experiment.graph.apply("storeRows", [masked!, destination], {});
  experiment.steps = packCaseSteps([
    { iteration: 6, batchStart: 0, seed: 5 },
    { iteration: 7, batchStart: 1, seed: 5 },
    { iteration: 2 ** 32 - 1, batchStart: 3, seed: 5 },
    { iteration: 7, batchStart: 2, seed: 6 },
  ]);
  return experiment;
}

async function twoBindings(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (first) => {
    await Workspace.use(backend, async (second) => {
      const plan = first.plan(descent);
      const one = await first.bind(plan);
      const other = await second.bind(plan);
      first.buffer("g").write(filled(1));
      second.buffer("g").write(filled(10));
      await Promise.all([one.run(steps(1)), other.run(steps(1)), one.run(steps(1))]);
      await expectAll(first, "w", -2, "after two runs over the first set of buffers");
      await expectAll(second, "w", -10, "after one run over the second set of buffers");
    });
  });
}

async function synchronizes(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    workspace.buffer("g").write(filled(1));
    let done = false;
    const running = descend.run(steps(50)).then(() => {
      done = true;
    });
    await backend.synchronize();
    // The run's promise settles in the same turn of the event loop or one later, not only after some more work.
    await new Promise((resolve) => setTimeout(resolve, 20));
    require(done, "synchronize resolved before the run that was started earlier");
    await running;
    await backend.synchronize();
  });
}

async function missingBuffer(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const plan = workspace.plan(descent);
    await workspace.bind(plan);
    const { w, arena } = workspace.all();
    await expectConvoyError('compile without buffer "g"', () => backend.compile(plan, { w: w!, arena: arena! }));
  });
}

async function foreignBuffer(backend: Backend): Promise<void> {
  const other = await reference();
  await Workspace.use(backend, async (workspace) => {
    const plan = workspace.plan(descent);
    await workspace.bind(plan);
    const g = other.createBuffer("g", plan.buffers.g!);
    await expectConvoyError('compile with a buffer "g" that another backend made', () =>
      backend.compile(plan, { ...workspace.all(), g }),
    );
  });
  await other.dispose();
}

async function reportsProgress(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const calls: [number, number][] = [];
    await workspace.bind(workspace.plan(descent), (done, total) => calls.push([done, total]));
    require(calls.every(
      ([done, total], index) => done <= total && done >= (calls[index - 1]?.[0] ?? 0),
    ), `compile reported progress ${calls.map(([done, total]) => `${done} of ${total}`).join(", ")}`);
  });
}

async function disposal(backend: Backend): Promise<void> {
  await Workspace.use(backend, async (workspace) => {
    const descend = await workspace.compile(descent);
    const clip = await workspace.compile(clipping);
    workspace.buffer("g").write(filled(1));
    await descend.run(steps(3));
    descend.dispose();
    descend.dispose();
    await expectConvoyError("run after dispose", () => descend.run(steps(1)));
    await expectAll(workspace, "w", -3, "after the executable was disposed: buffers are the caller's");
    await clip.run(steps(1));
    await expectAll(workspace, "w", -1, "after a run of another executable over the same buffers");
  });
}

async function freesExecutables(backend: Backend): Promise<void> {
  const cycle = (): Promise<void> =>
    Workspace.use(backend, async (workspace) => {
      await (await workspace.compile(descent)).run(steps(1));
    });
  // What a backend keeps for plans that come again may stay after the first time, not grow with each.
  await cycle();
  const before = backend.memory().usedBytes;
  for (let repetition = 0; repetition < 3; repetition++) {
    await cycle();
  }
  const after = backend.memory().usedBytes;
  require(after <=
    before, `memory() grows from ${before} to ${after} bytes over three compiled and disposed executables`);
}
