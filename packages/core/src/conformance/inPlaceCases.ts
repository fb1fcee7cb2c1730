import type { Backend } from "../backend/index.js";
import type { Shape } from "../ops/definition.js";
import { updatedInputs } from "../plan/graph.js";
import type { Graph, GraphOperation, GraphValue, LoweringTarget } from "../plan/index.js";
import type { TensorData } from "../tensor.js";
import { chainExperiments } from "./chainExperiments.js";
import { expectIdentical } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import type { Experiment } from "./experiment.js";
import { require } from "./failure.js";
import { opCases } from "./opCases.js";
import { opExperiments } from "./opExperiments.js";
import { planFor, Trial, targetOf, tensorOf } from "./trial.js";

/** What a backend writes over an input must have the same bits as what it writes beside it. */
export function inPlaceCases(): ConformanceCase[] {
  return [
    {
      level: "ops",
      op: "backend",
      name: "backend: what it writes over an input has the same bits as beside it",
      async run(backend) {
        const [offered, used] = [new Set<string>(), new Set<string>()];
        for (const { name, build } of [...opCases.flatMap(opExperiments), ...chainExperiments()]) {
          const target = listening(targetOf(backend, build()), offered);
          const { ops } = planFor(backend, throughArena(build()), target);
          const over = ops.filter(({ inPlace }) => inPlace !== undefined);
          if (over.length > 0) {
            const beside = await run(backend, throughArena(build()), { ...target, inPlace: () => [] });
            const inPlace = await run(backend, throughArena(build()), target);
            beside.forEach(({ label, shape, data }, index) => {
              expectIdentical(`${name}: ${label} (in place)`, inPlace[index]!.data, data, shape);
            });
          }
          for (const { op } of over) {
            used.add(op);
          }
        }
        const unused = [...offered].filter((op) => !used.has(op));
        require(unused.length === 0, `${unused.join(", ")}: offered by inPlace(), but no case can be run so`);
      },
    },
  ];
}

/** The target, with the names of the ops that it offers to run in place put into `offered`. */
function listening(target: LoweringTarget, offered: Set<string>): LoweringTarget {
  return {
    ...target,
    inPlace(op) {
      const pairs = target.supports(op) === true ? target.inPlace!(op) : [];
      if (pairs.length > 0) {
        offered.add(op.op);
      }
      return pairs;
    },
  };
}

/** What an experiment writes. */
async function run(
  backend: Backend,
  experiment: Experiment,
  target: LoweringTarget,
): Promise<{ readonly label: string; readonly shape: Shape; readonly data: TensorData }[]> {
  const trial = await Trial.open(backend, experiment, target);
  try {
    trial.prepare(0xff);
    await trial.run();
    const contents = await trial.contents();
    const written = experiment.tensors.filter(({ tolerance }) => tolerance !== undefined);
    return written.map((tensor) => ({ ...tensor, data: tensorOf(tensor, contents) }));
  } finally {
    trial.close();
  }
}

/** Has what is read go into the arena first and what is written come out of it last, by copies: there memory is shared. */
function throughArena(experiment: Experiment): Experiment {
  const { graph } = experiment;
  const operations = graph.operations;
  const kept = new Set(operations.flatMap(updatedInputs));
  const copied = new Map<GraphValue, GraphValue>();
  const [before, after]: [GraphOperation[], GraphOperation[]] = [[], []];
  for (const value of new Set(operations.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]))) {
    if (value.placement !== undefined && isCopyable(value) && !kept.has(value)) {
      const isWritten = operations.some(({ outputs }) => outputs.includes(value));
      const copy = copyOf(graph, value);
      copied.set(value, copy.outputs[0]!);
      if (isWritten) {
        after.push({ ...copy, inputs: copy.outputs, outputs: copy.inputs });
      } else {
        before.push(copy);
      }
    }
  }
  const renamed = (values: readonly GraphValue[]): GraphValue[] => values.map((value) => copied.get(value) ?? value);
  graph.operations = [
    ...before,
    ...operations.map((operation) => ({
      ...operation,
      inputs: renamed(operation.inputs),
      outputs: renamed(operation.outputs),
    })),
    ...after,
  ];
  return experiment;
}

function isCopyable({ shape, dtype }: GraphValue): boolean {
  return dtype === "float32" && shape.length > 0 && shape.length < 5;
}

/** `pad` by nothing. */
function copyOf(graph: Graph, value: GraphValue): GraphOperation {
  const none = value.shape.map(() => 0);
  graph.apply("pad", [value], { before: none, after: none });
  return graph.operations.pop()!;
}
