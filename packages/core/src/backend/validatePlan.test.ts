import { describe, expect, it } from "vitest";
import { PlanError } from "../errors.js";
import { Graph, lower, type Plan, type PlanOp, type PlanValue } from "../plan/index.js";
import { validatePlan } from "./validatePlan.js";

const relu = { function: "relu", alpha: 0 } as const;

/** x -> unary a -> unary b -> unary d -> add c (a, d) -> loss, with a workspace for each op. */
function plan(): Plan {
  const graph = new Graph();
  graph.declareBuffer("x", { dtype: "float32", length: 64 });
  graph.declareBuffer("y", { dtype: "float32", length: 64 });
  const place = (name: string) => graph.place(name, { shape: [4, 16], dtype: "float32" }, name);
  const [a] = graph.labelled("a", () => graph.apply("unary", [place("x")], relu));
  const [b] = graph.labelled("b", () => graph.apply("unary", [a!], relu));
  const [d] = graph.labelled("d", () => graph.apply("unary", [b!], relu));
  const [c] = graph.labelled("c", () => graph.apply("add", [a!, d!], {}));
  const [loss] = graph.labelled("loss", () => graph.apply("meanSquaredError", [c!, place("y")], {}));
  const target = { fusions: [], supports: () => true as const, workspaceBytes: () => 100 };
  return lower(graph, { mode: "test", batchSize: 4, results: [loss!], target });
}

/** The plan with one value or op changed. */
function withValue(
  label: string,
  change: (value: PlanValue, of: (label: string) => PlanValue) => Partial<PlanValue>,
): Plan {
  const sound = plan();
  const of = (wanted: string): PlanValue => sound.values.find((value) => value.label === wanted)!;
  const values = sound.values.map((value) => (value.label === label ? { ...value, ...change(value, of) } : value));
  return { ...sound, values };
}

function withOp(index: number, change: Partial<PlanOp>): Plan {
  const sound = plan();
  return { ...sound, ops: sound.ops.map((op, at) => (at === index ? { ...op, ...change } : op)) };
}

describe("validatePlan", () => {
  it("takes a sound plan", () => {
    expect(() => validatePlan(plan())).not.toThrow();
  });

  const broken: readonly (readonly [string, () => Plan, RegExp])[] = [
    [
      "a value that is overwritten before its last reader",
      () => withValue("b.output", (_, of) => ({ byteOffset: of("a.output").byteOffset })),
      /op 1 \(unary, b\) writes b\.output over its own input a\.output/,
    ],
    [
      "a value whose memory another value takes in between",
      () => withValue("d.output", (_, of) => ({ byteOffset: of("a.output").byteOffset })),
      /op 3 \(add, c\) reads a\.output, whose memory holds something else/,
    ],
    [
      "an op that reads what nobody has written",
      () => ({ ...plan(), ops: plan().ops.slice(1) }),
      /op 0 \(unary, b\) reads a\.output, whose memory holds something else/,
    ],
    [
      "ops in the wrong order",
      () => ({ ...plan(), ops: [1, 0, 2, 3, 4].map((index) => plan().ops[index]!) }),
      /op 0 \(unary, b\) reads a\.output/,
    ],
    [
      "a workspace over an output",
      () => {
        const sound = plan();
        const [first] = sound.ops;
        const output = sound.values.find(({ id }) => id === first!.outputs[0])!;
        const values = sound.values.map((value) =>
          value.id === first!.workspace ? { ...value, byteOffset: output.byteOffset } : value,
        );
        return { ...sound, values };
      },
      /op 0 \(unary, a\) writes two values to one place/,
    ],
    ["a value beyond the arena", () => ({ ...plan(), arenaBytes: 256 }), /does not fit buffer "arena" \(256 bytes/],
    [
      "a value beyond its buffer",
      () => withValue("x", () => ({ byteOffset: 256 })),
      /x \(256 bytes at 256\) does not fit buffer "x"/,
    ],
    [
      "a value that is not aligned",
      () => withValue("a.output", ({ byteOffset }) => ({ byteOffset: byteOffset + 4 })),
      /alignment 256/,
    ],
    [
      "a buffer that does not exist",
      () => withValue("x", () => ({ buffer: "z" })),
      /lies in buffer "z", which the plan does not have/,
    ],
    ["an unknown id", () => withOp(1, { inputs: [999] }), /op 1 \(unary, b\) names value 999/],
    [
      "a value without memory",
      () => {
        const sound = plan();
        return {
          ...sound,
          values: sound.values.map(({ buffer, ...value }) =>
            value.label === "b.output" ? value : { ...value, buffer: buffer! },
          ),
        };
      },
      /op 1 \(unary, b\) needs b\.output, which has no memory/,
    ],
    [
      "a result that is not there in the end",
      () => ({ ...plan(), ops: plan().ops.slice(0, 4) }),
      /result \d+ is not there/,
    ],
    ["a result that does not exist", () => ({ ...plan(), results: [999] }), /result 999 is not there/],
  ];

  it.each(broken)("finds %s", (_, build, message) => {
    const validate = () => validatePlan(build());
    expect(validate).toThrow(PlanError);
    expect(validate).toThrow(message);
  });

  it("finds a reshape whose tensor is overwritten before its last reader", () => {
    const graph = new Graph();
    graph.declareBuffer("x", { dtype: "float32", length: 64 });
    const [a] = graph.apply("unary", [graph.place("x", { shape: [4, 16], dtype: "float32" }, "x")], relu);
    const [flat] = graph.apply("reshape", [a!], { shape: [64] });
    const [b] = graph.labelled("b", () => graph.apply("unary", [flat!], relu));
    const [c] = graph.labelled("c", () => graph.apply("unary", [b!], relu));
    const [d] = graph.labelled("d", () => graph.apply("add", [flat!, c!], {}));
    const [loss] = graph.apply("meanSquaredError", [d!, b!], {});
    const sound = lower(graph, { mode: "test", batchSize: 4, results: [loss!] });
    validatePlan(sound);
    const place = sound.values.find(({ id }) => id === a!.id)!.byteOffset;
    const values = sound.values.map((value) => (value.id === c!.id ? { ...value, byteOffset: place } : value));
    expect(() => validatePlan({ ...sound, values })).toThrow(/op 3 \(add, d\) reads reshape\.output/);
  });
});
