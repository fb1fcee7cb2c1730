import { bytes, choice, normal, order, times, words } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, CaseStep, OpCase } from "./opCase.js";
import { exact, roundings } from "./tolerances.js";

interface GatherSetting {
  readonly scale?: number;
  readonly ordered?: boolean;
  readonly steps?: readonly CaseStep[];
}

function gather(source: CaseInput, batchSize: number, setting: GatherSetting = {}): OpCase<"gatherRows"> {
  const { scale = 1, ordered = true, steps = [{}] } = setting;
  const rows = source.shape[0] as number;
  const dtype = source.dtype === "int32" ? "int32" : "float32";
  const starts = steps.map(({ batchStart = 0 }) => batchStart);
  const parts = [
    `${batchSize} of ${times(source.shape)} ${source.dtype}`,
    ...(ordered ? ["ordered"] : []),
    ...(scale === 1 ? [] : [`scale ${scale === 1 / 255 ? "1/255" : scale}`]),
    `from ${starts.join(" then ")}`,
  ];
  return {
    op: "gatherRows",
    name: parts.join(", "),
    attributes: { batchSize, scale, dtype },
    inputs: [source, ...(ordered ? [order(rows)] : [])],
    tolerance: scale === 1 ? exact : roundings,
    steps,
  };
}

export const gatherRowsCases: readonly OpCase<"gatherRows">[] = [
  gather(bytes([1, 1]), 1),
  gather(bytes([9, 5, 5, 1]), 4, { scale: 1 / 255 }),
  gather(bytes([9, 5, 5, 1]), 4, { scale: 1 / 255, steps: [{ batchStart: 5 }] }),
  gather(bytes([9, 5, 5, 1]), 4, { scale: 1 / 255, ordered: false, steps: [{ batchStart: 3 }] }),
  gather(bytes([70, 28, 28, 1]), 64, { scale: 1 / 255, steps: [{ batchStart: 6 }] }),
  gather(bytes([7, 3, 3, 3]), 7),
  gather(bytes([5, 7]), 1, { ordered: false, steps: [{ batchStart: 4 }] }),
  gather(normal([11, 3, 5, 2]), 5, { steps: [{ batchStart: 6 }] }),
  gather(normal([11, 13]), 3, { scale: 0.5, ordered: false, steps: [{ batchStart: 1 }] }),
  gather(normal([11, 3]), 11),
  gather(words([10]), 4, { steps: [{ batchStart: 6 }] }),
  gather(words([10]), 3, { ordered: false, steps: [{ batchStart: 2 }] }),
  gather(words([6, 4, 3]), 5, { steps: [{ batchStart: 1 }] }),
  // The last step's batch stays.
  gather(normal([12, 5]), 4, { steps: [{ batchStart: 8 }, { batchStart: 0 }, { batchStart: 4 }] }),
];

function store(values: Shape, rows: number, ...starts: readonly number[]): OpCase<"storeRows"> {
  return {
    op: "storeRows",
    name: `${times(values)} into ${rows} rows from ${starts.join(" then ")}`,
    attributes: {},
    // What is not written keeps a number that no normal number is near.
    inputs: [normal(values), choice([rows, ...values.slice(1)], [-77, 77])],
    tolerance: exact,
    steps: starts.map((batchStart) => ({ batchStart })),
  };
}

export const storeRowsCases: readonly OpCase<"storeRows">[] = [
  store([1, 1], 1, 0),
  store([4, 10], 4, 0),
  store([3, 10], 11, 5),
  store([1, 7], 9, 8),
  store([5, 3, 3, 2], 12, 7),
  store([3, 5], 12, 0, 6),
  store([64, 10], 100, 36),
];
