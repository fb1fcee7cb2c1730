import { bytesOf, dtypeBytes, sizeOf } from "../ops/definition.js";
import { alignmentBytes } from "./memory.js";
import type { Plan, PlanOp, PlanValue } from "./plan.js";

/** Elements of a buffer of float32. */
export interface BufferRange {
  readonly buffer: string;
  readonly start: number;
  readonly end: number;
}

/** What the ranks of a group have to add up of a training step. */
export interface Reductions {
  /** The gradients, which are added up as they are. */
  readonly gradients: BufferRange;
  /** Bytes of gradients that are worth a message of their own. */
  readonly bucketBytes: number;
  /** Where weights lie that layers update themselves, such as moving means: those that are updated are averaged. */
  readonly state: BufferRange;
  /** What this rank's state counts in the average: its share of the samples. */
  readonly share: number;
  /** What each result counts in its sum. */
  readonly resultWeights: readonly number[];
}

/**
 * Puts the sums over ranks into a training step: of the gradients in buckets, each as soon as the backward pass has written all
 * of it, so that it can be on its way while the pass goes on; behind the last of them of state and results. It works on the
 * finished plan, where the order of ops is settled.
 */
export function reduceAcrossRanks(plan: Plan, reductions: Reductions): Plan {
  const { gradients, bucketBytes, state, share, resultWeights } = reductions;
  const placed = new Map(plan.values.map((value) => [value.id, value]));
  const written = plan.ops.flatMap(({ outputs }) => outputs.map((id) => placed.get(id)!));
  // A gradient may be read as what this rank alone has found before it is overwritten by the sum.
  const lastUse = (range: BufferRange): number => {
    const within = new Set(written.filter((value) => overlaps(value, range)).map(({ id }) => id));
    return plan.ops.findLastIndex(({ inputs, outputs }) => [...inputs, ...outputs].some((id) => within.has(id)));
  };
  const backwardEnd = lastUse(gradients);
  const sums = new SumsBehindOps(plan);
  for (const bucket of buckets(written, gradients, bucketBytes)) {
    sums.addRange(lastUse(bucket), bucket, 1);
  }
  const updated = plan.ops.slice(0, backwardEnd + 1).flatMap(({ updates }) => updates.map((id) => placed.get(id)!));
  for (const range of neighbours(updated.filter((value) => overlaps(value, state)))) {
    sums.addRange(backwardEnd, range, share);
  }
  const results = plan.results.map((id, index) => {
    const writtenAt = plan.ops.findLastIndex(({ outputs }) => outputs.includes(id));
    return sums.addValue(Math.max(writtenAt, backwardEnd), placed.get(id)!, resultWeights[index]!);
  });
  return { ...sums.plan(), results };
}

function startOf({ byteOffset, dtype }: PlanValue): number {
  return byteOffset / dtypeBytes[dtype];
}

function overlaps(value: PlanValue, { buffer, start, end }: BufferRange): boolean {
  return value.buffer === buffer && startOf(value) < end && startOf(value) + sizeOf(value.shape) > start;
}

/** Gradients that make one message: neighbours in the buffer, from its end, as the backward pass goes from the last layer to the first. */
function buckets(written: readonly PlanValue[], gradients: BufferRange, bucketBytes: number): BufferRange[] {
  const starts = written.filter((value) => overlaps(value, gradients)).map(startOf);
  const found: BufferRange[] = [];
  let { end } = gradients;
  for (const start of [...new Set(starts)].sort((a, b) => b - a)) {
    if ((end - start) * dtypeBytes.float32 >= bucketBytes) {
      found.push({ ...gradients, start, end });
      end = start;
    }
  }
  return end > gradients.start ? [...found, { ...gradients, end }] : found;
}

/** Values of one buffer as few ranges; the gaps of alignment between two are part of them. */
function neighbours(values: readonly PlanValue[]): BufferRange[] {
  const found: BufferRange[] = [];
  const gap = alignmentBytes / dtypeBytes.float32;
  for (const value of [...values].sort((a, b) => a.byteOffset - b.byteOffset)) {
    const [start, end] = [startOf(value), startOf(value) + sizeOf(value.shape)];
    const last = found.at(-1);
    if (last !== undefined && start - last.end < gap) {
      found[found.length - 1] = { ...last, end: Math.max(end, last.end) };
    } else {
      found.push({ buffer: value.buffer!, start, end });
    }
  }
  return found;
}

/** A plan with sums over ranks behind some of its ops. */
class SumsBehindOps {
  readonly #plan: Plan;
  readonly #values: PlanValue[];
  readonly #behind: Map<number, PlanOp[]> = new Map();
  #nextId: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#values = [...plan.values];
    this.#nextId = Math.max(-1, ...plan.values.map(({ id }) => id)) + 1;
  }

  plan(): Plan {
    const ops = this.#plan.ops.flatMap((op, position) => [op, ...(this.#behind.get(position) ?? [])]);
    return { ...this.#plan, values: this.#values, ops };
  }

  /** Sums a part of a buffer up, in place. */
  addRange(position: number, { buffer, start, end }: BufferRange, weight: number): void {
    const byteOffset = start * dtypeBytes.float32;
    const input: PlanValue = {
      ...{ id: this.#nextId++, label: `${buffer} from ${start}`, dtype: "float32", shape: [end - start] },
      ...{ buffer, byteOffset },
    };
    this.#values.push(input);
    this.addValue(position, input, weight);
  }

  /** Sums a value up, in place, and returns the id of the sum. */
  addValue(position: number, input: PlanValue, weight: number): number {
    const output = { ...input, id: this.#nextId++, label: `${input.label} of all ranks` };
    this.#values.push(output);
    const op: PlanOp = {
      op: "allReduce",
      attributes: { weight },
      inputs: [input.id],
      outputs: [output.id],
      updates: [],
      inPlace: [{ input: input.id, output: output.id }],
      label: "all ranks",
      flops: sizeOf(input.shape),
      bytes: 2 * bytesOf(input),
    };
    this.#behind.set(position, [...(this.#behind.get(position) ?? []), op]);
    return output.id;
  }
}
